"""An engine with MONITOR, through its link bytes, against the golden model."""

import random

import pytest

from consilience_hw.engine.engine import Engine
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import PROVISIONAL, Counter, FrameStatus, FrameType
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import ALARMED, MonitorMode, Policy
from consilience_sim.golden.monitor import AgentModel, MonitorModel
from consilience_sim.testing.link_oracle import packed

ZERO, MAX, BIT = Q16_16.log_of_zero, Q16_16.max_code, Q16_16.fractions
CONFIG = EngineConfig(hypotheses=0, weights=False, components=2, serial=True, credits=2)
MONITOR, REDUCE = FrameType.MONITOR, FrameType.REDUCE
SPECIAL = [ZERO, ZERO + 1, MAX, 0, -1, 1]


def code(choose):
    return choose.choice(SPECIAL) if choose.random() < 0.1 else choose.randint(-4 * BIT, 5 * BIT)


def message_of(choose, mode, policy, components, counts, *, commit):
    """Words of a message, and those of its results."""
    weights = [-(components - 1) * BIT] * components
    threshold = 4 * BIT
    words = [components | mode << 8 | policy << 16 | PROVISIONAL * (not commit)]
    words += [threshold, *weights]
    results = []
    for count in counts:
        model = MonitorModel(mode, weights, threshold, policy)
        state = AgentModel(
            [code(choose) for _ in weights],
            choose.choice([0, 1, 7, 1 << 20]),
            saturated=choose.random() < 0.2,
            latched=choose.random() < 0.2,
        )
        model.agents[0] = state
        flags = state.saturated | state.latched << 1
        words += [count, state.observations, flags, *state.components]
        alarmed = False
        for _ in range(count):
            increments = [code(choose) for _ in weights]
            words += increments
            found = model.update(0, increments, commit)
            results.append(found.statistic)
            alarmed |= found.alarm
        state = model.agents[0]
        results += [*state.components, state.saturated | state.latched << 1 | ALARMED * alarmed]
    return words, [word & 0xFFFF_FFFF for word in results]


@pytest.fixture(scope="module")
def link(bench):
    one = bench(Engine(CONFIG))

    def run(script):
        return one.run(script, in_flight=2, quiet=1_500, max_cycles=80_000)

    return run


def test_messages(link, frames):
    """Each mode and policy, fragments that straddle rows, one component of two, provisional."""
    choose, script, expected = random.Random(4), [frames.hello()], []
    sequence, operation = 1, 2
    cases = [
        (Policy.LATCH, 2, True),
        (Policy.RENEW, 2, True),
        (Policy.RECALIBRATE, 1, True),
        (Policy.LATCH, 2, False),
    ]
    for mode, (policy, components, commit), sizes in zip(
        MonitorMode, cases, ([], [12], [4, 4, 28, 8], []), strict=True
    ):
        counts = [2, 1]
        words, results = message_of(choose, mode, policy, components, counts, commit=commit)
        message = frames.message(words)
        requests = frames.fragments(MONITOR, sequence, operation, message, sizes)
        script += requests
        expected.append((sequence, len(requests), results))
        sequence, operation = sequence + len(requests), operation + 1
    replies = {reply.sequence: reply for reply in frames.replies(link(script))}
    for first, count, results in expected:
        found = frames.assert_results([replies[first + k] for k in range(count)])
        assert found == results


@pytest.mark.slow
def test_a_message_given_up_leaves_nothing(link, frames):
    """Wherever it is given up; a REDUCE and a message of another mode come behind it."""
    choose = random.Random(5)
    script, expected = [frames.hello()], []
    sequence, operation = 1, 2
    for length in (1, 4, 5, 9, 12, 14, 15, 21):
        words, _ = message_of(choose, MonitorMode.CUSUM, Policy.RENEW, 2, [4, 4], commit=True)
        message = frames.message(words)
        part = packed(words[:length])
        script.append(frames.request(MONITOR, sequence, operation, part, total=len(message)))
        good = frames.message([1, 5])
        script.append(frames.request(REDUCE, sequence + 1, operation + 1, good, total=len(good)))
        words, results = message_of(choose, MonitorMode.ONCE, Policy.LATCH, 2, [2, 1], commit=True)
        message = frames.message(words)
        script.append(
            frames.request(MONITOR, sequence + 2, operation + 2, message, total=len(message))
        )
        expected += [(sequence + 1, [5, 0]), (sequence + 2, results)]
        sequence, operation = sequence + 3, operation + 3
    replies = {reply.sequence: reply for reply in frames.replies(link(script))}
    for one, results in expected:
        assert frames.assert_results([replies[one]]) == results


WRONG = [
    ([0, 9, 0, 0], FrameStatus.BAD_RECORD, 0),
    ([3, 9, 5, 5, 5], FrameStatus.BAD_RECORD, 0),
    ([1 | 4 << 8, 9, 0], FrameStatus.BAD_RECORD, 0),
    ([1 | 3 << 16, 9, 0], FrameStatus.BAD_RECORD, 0),
    ([1 | PROVISIONAL << 1, 9, 0], FrameStatus.BAD_RECORD, 0),
    ([1, 9, 0, 0], FrameStatus.BAD_RECORD, 0),
    ([1, 9, 0, 1, 0, 4, 7, 7], FrameStatus.BAD_RECORD, 0),
    ([1, 9], FrameStatus.BAD_LENGTH, 0),
    ([1, 9, 0, 1, 0, 0], FrameStatus.BAD_LENGTH, 0),
    ([1, 9, 0], FrameStatus.OK, 0),
    ([1, MAX, 0, 2, 0, 0, 5, 6], FrameStatus.BAD_LENGTH, 1),
]


def test_messages_that_are_wrong(link, frames):
    script = [frames.hello()]
    for number, (words, _, _) in enumerate(WRONG, 1):
        message = frames.message(words)
        script.append(frames.request(MONITOR, number, 1 + number, message, total=len(message)))
    script.append(frames.status(number + 1, number + 2))
    _, *replies, counters = frames.replies(link(script))
    for (_, status, codes), reply in zip(WRONG, replies, strict=True):
        frames.assert_results([reply], status)
        assert len(reply.words) == codes
    assert counters.words[Counter.CODES] == sum(codes for _, _, codes in WRONG)
