"""Messages to units beside the log sum, in pieces of any size: results, codes, wrong words."""

import random

import numpy as np
import pytest

from consilience.link.unit_messages import (
    live_message,
    monitor_head,
    monitor_records,
    parse_live,
    parse_monitor,
    parse_robust,
    robust_message,
)
from consilience.monitor.steps import AgentSteps, StepSettings
from consilience.robust.robust_histogram import RobustHistogram
from consilience.server.unit_records import LiveRecords, MonitorRecords, RobustRecords
from consilience_hw.spec.link_map import PROVISIONAL, FrameStatus, RobustFlag
from consilience_hw.spec.monitor_format import MonitorMode, Policy
from consilience_sim import golden
from tests.host.monitor.steps_script import BIT, golden_steps, increments_of


def feed(records, words, choose):
    """Feed words in random pieces; return all results, their status words and the codes counted."""
    results, status, codes, place = [], [], 0, 0
    words = np.asarray(words).astype(np.int64).astype(np.uint32)
    while place < len(words) and records.status == FrameStatus.OK:
        size = choose.choice((1, 2, 3, 30))
        taken = records.take(words[place : place + size])
        results.append(taken.results)
        status += taken.status.tolist()
        codes += taken.codes
        place += size
    return np.concatenate(results).astype("<u4").tobytes(), status, codes


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize("policy", list(Policy), ids=lambda one: one.name)
@pytest.mark.parametrize("mode", list(MonitorMode), ids=lambda one: one.name)
def test_monitor(golden_device, mode, policy, commit):
    choose, draw = random.Random(int(mode)), np.random.default_rng(int(policy))
    for components in (1, 3, 16):
        settings = StepSettings(mode, policy, BIT, (-4 * BIT,) * components, commit)
        offsets = np.append(0, np.cumsum(draw.integers(1, 12, 9)))
        agents = AgentSteps(
            increments_of(draw, 9, components),
            draw.choice([0, 1, 7, (1 << 32) - 1], 9).astype(np.uint32),
            draw.integers(0, 4, 9).astype(np.uint32),
            offsets,
            increments_of(draw, int(offsets[-1]), components),
        )
        words = np.concatenate((monitor_head(settings), monitor_records(agents)))
        records = MonitorRecords(golden_device, 16)
        data, status, codes = feed(records, words, choose)
        expected = golden_steps(settings, agents)
        for ours, theirs in zip(parse_monitor(data, agents), expected, strict=True):
            assert ours.tolist() == theirs.tolist()
        assert status == expected.status.tolist()
        assert (codes, records.complete) == (agents.increments.size, True)


def test_statistics_come_with_their_rows(golden_device):
    records = MonitorRecords(golden_device, 2)
    head = monitor_head(StepSettings(MonitorMode.ONCE, Policy.LATCH, 9, (-1, -1), True))
    seen = []
    for word in [*head.tolist(), 2, 0, 0, 0, 0, 5, 5, 6, 6]:
        taken = records.take(np.array([word], np.int32).view(np.uint32))
        seen.append((len(taken.results), records.complete))
    begun = [(0, False)] * 3 + [(0, True)] + [(0, False)] * 5
    assert seen == [*begun, (0, False), (1, False), (0, False), (4, True)]


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ([0, 1], 0),
        ([4, 1], 0),
        ([2 | 4 << 8], 0),
        ([2 | 3 << 16], 0),
        ([2 | PROVISIONAL << 1], 0),
        ([2 | 1 << 31], 0),
        ([2, 9, -1, -1, 0], 0),
        ([2, 9, -1, -1, 1, 0, 4], 0),
        ([2, 9, -1, -1, 1, 0, 3, 0, 0, 5, 5, 0], 2),
    ],
)
def test_monitor_ends_at_a_bad_word(golden_device, words, codes):
    for seed in range(5):
        records = MonitorRecords(golden_device, 3)
        _, status, counted = feed(records, [*words, 1, 1, 1], random.Random(seed))
        assert records.status == FrameStatus.BAD_RECORD
        assert (counted, len(status)) == (codes, codes // 2)


def test_live(golden_device):
    choose, draw = random.Random(3), np.random.default_rng(3)
    held = draw.integers(-(1 << 20), 1 << 20, 12, dtype=np.int32)
    new = draw.integers(-(1 << 20), 1 << 20, 12, dtype=np.int32)
    steps = np.array([14, 8, 6, 14, 12, 4, 10, 14, 14, 6, 2, 14], np.uint8)
    codes, expected = held.tolist(), []
    for step, old, one in zip(steps.tolist(), held.tolist(), new.tolist(), strict=True):
        if step & 2:
            codes.remove(old)
        if step & 4:
            codes.append(one)
        if step & 8:
            expected.append((golden.log_sum(codes)[0], 0, len(codes)))
    records = LiveRecords(golden_device)
    data, status, counted = feed(records, live_message(held, steps, held, new), choose)
    found = parse_live(data, len(expected))
    assert list(zip(*(one.tolist() for one in found), strict=True)) == expected
    assert (status, counted, records.complete) == ([0] * len(expected), 36, True)


@pytest.mark.parametrize("step", [0, 1, 16, 15, 1 << 31])
def test_live_ends_at_a_bad_step(golden_device, step):
    records = LiveRecords(golden_device)
    words = [1, 5, 14, 5, 7, step, 7, 8]
    _, status, counted = feed(records, words, random.Random(step))
    assert (records.status, status, counted) == (FrameStatus.BAD_RECORD, [0], 3)


def test_live_may_end_only_between_records(golden_device):
    records, seen = LiveRecords(golden_device), []
    for word in (2, 5, 5, 8, 0, 0):
        seen.append(records.complete)
        records.take(np.array([word], np.uint32))
    assert seen == [False, False, False, True, False, False]
    assert records.complete


def test_robust(golden_device):
    choose, draw = random.Random(4), np.random.default_rng(4)
    words, expected, counted = [], [], 0
    for faulty, threshold in ((0, 0), (3, 9000), (5, 1 << 60), (2, -(1 << 60))):
        ratios = draw.integers(-(1 << 18), 1 << 18, 16, dtype=np.int32)
        words += robust_message(ratios, 512, faulty, threshold).tolist()
        expected.append(RobustHistogram.of(ratios, 1 << 16).scan(faulty, threshold))
        counted += 16
    records = RobustRecords(golden_device)
    data, _, codes = feed(records, words, choose)
    for place, one in enumerate(expected):
        part = data[28 * place : 28 * (place + 1)]
        assert parse_robust(part, 16, 512, (16 - one.trimmed_count) // 2) == one
    assert (codes, records.complete) == (counted, True)


def test_robust_refuses_too_few_ratios(golden_device):
    ratios = np.arange(6, dtype=np.int32)
    records = RobustRecords(golden_device)
    data, status, _ = feed(records, robust_message(ratios, 1, 2, 0), random.Random(1))
    assert (data[:24], status) == (bytes(24), [RobustFlag.REFUSED])


@pytest.mark.parametrize("words", [[0], [3, 0], [3, (1 << 24) + 1]])
def test_robust_ends_at_a_bad_word(golden_device, words):
    records = RobustRecords(golden_device)
    feed(records, [*words, 1, 1, 1], random.Random(2))
    assert records.status == FrameStatus.BAD_RECORD
