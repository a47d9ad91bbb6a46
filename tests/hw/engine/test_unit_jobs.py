"""An engine with LIVE and ROBUST, through its link bytes: results, and messages that are wrong."""

import pytest

from consilience_hw.engine.engine import Engine
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import Counter, FrameStatus, FrameType, RobustFlag
from consilience_hw.spec.log_format import Q16_16

ZERO, BIT = Q16_16.log_of_zero, Q16_16.fractions
LIVE, ROBUST = FrameType.LIVE, FrameType.ROBUST
BAD, SHORT = FrameStatus.BAD_RECORD, FrameStatus.BAD_LENGTH
OK = FrameStatus.OK

ROBUST_CASES = [
    # Sums of -3 + 5 + 1 + 2, all honest; then all above 4; then too few.
    ([4, 1, 0, 5, 0, 5, 0, -3, 5, 1, 2], OK, [5, 0, 5, 0, 5, 0, 0], 4),
    ([4, 1, 0, 4, 0, 4, 0, -3, 5, 1, 2], OK, [5, 0, 5, 0, 5, 0, RobustFlag.ABOVE], 4),
    ([4, 1, 0, 6, 0, 6, 0, -3, 5, 1, 2], OK, [5, 0, 5, 0, 5, 0, RobustFlag.BELOW], 4),
    ([1, 1, 0, 0, 0, 0, 0, -9], OK, [-9, -1, -9, -1, -9, -1, RobustFlag.BELOW], 1),
    ([3, 1, 1, 0, 0, 0, 0, 7, 7, 7], OK, [0, 0, 0, 0, 0, 0, RobustFlag.REFUSED], 3),
    ([9, 1, 0, 0, 0, 0, 0, 5, 5], SHORT, [], 2),
    ([1, 1, 0, 0, 0, 0, 0, 2], OK, [2, 0, 2, 0, 2, 0, RobustFlag.ABOVE], 1),
    ([0, 1, 0, 0, 0, 0, 0, 2], BAD, [], 0),
    ([1, 0, 0, 0, 0, 0, 0, 2], BAD, [], 0),
    ([1, (1 << 24) + 1, 0, 0, 0, 0, 0, 2], BAD, [], 0),
]
LIVE_CASES = [
    ([2, 0, 0, 8, 0, 0], OK, [BIT, 2, 0], 4),
    ([1, 7, 12, 0, 7, 10, 7, 0], OK, [7 + BIT, 2, 0, 7, 1, 0], 5),
    ([0, 8, 0, 0], OK, [ZERO, 0, 0], 2),
    ([1, ZERO, 4, 0, ZERO, 8, 0, 0], OK, [ZERO, 2, 0], 5),
    ([3, 5, 5], SHORT, [], 2),
    ([1, 5], OK, [], 1),
    ([1, 5, 8, 0], SHORT, [], 2),
    ([0, 1, 0, 0], BAD, [], 0),
    ([0, 0, 0, 0], BAD, [], 0),
    ([0, 16, 0, 0], BAD, [], 0),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "cases"), [(ROBUST, ROBUST_CASES), (LIVE, LIVE_CASES)])
def test_messages(bench, frames, kind, cases):
    config = EngineConfig(
        hypotheses=0,
        weights=False,
        live=kind == LIVE,
        robust=kind == ROBUST,
        serial=True,
        credits=2,
    )
    script = [frames.hello()]
    for number, (words, _, _, _) in enumerate(cases, 1):
        message = frames.message(words)
        script.append(frames.request(kind, number, 1 + number, message, total=len(message)))
    script.append(frames.status(number + 1, number + 2))
    out = bench(Engine(config)).run(script, in_flight=1, quiet=8_000, max_cycles=400_000)
    _, *replies, counters = frames.replies(out)
    for (_, status, results, _), reply in zip(cases, replies, strict=True):
        found = frames.assert_results([reply], status)
        assert found == [int(word) & 0xFFFF_FFFF for word in results]
    assert counters.words[Counter.CODES] == sum(codes for *_, codes in cases)
