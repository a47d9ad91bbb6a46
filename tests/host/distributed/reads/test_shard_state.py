"""The state of a shard's reporters: what each says now, and nothing of before."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.reads.shard_state import Report, ShardReporters, ShardState
from consilience.errors import BadInput, ImpossibleState
from consilience.robust.robust_histogram import RobustHistogram

CLIP = 128 * 3
RATIOS = st.integers(-600, 600) | st.integers(-(2**31), 2**31 - 1)


@given(st.lists(st.tuples(st.integers(0, 5), RATIOS), max_size=40))
def test_the_state_is_that_of_the_latest_reports(reports):
    reporters, latest = ShardReporters(6, CLIP), {}
    for reporter, ratio in reports:
        before = reporters.state
        kept = bytes(before)
        reporters.apply(Report(reporter, ratio))
        assert bytes(before) == kept, "a state that a reader may hold has changed"
        latest[reporter] = ratio
    fresh = RobustHistogram.of(np.array(list(latest.values()), np.int32), CLIP)
    assert bytes(reporters.state.histogram) == bytes(fresh)
    assert reporters.state.evidence == sum(max(-CLIP, min(CLIP, one)) for one in latest.values())
    assert reporters.reports == len(reports)
    assert ShardState.from_bytes(bytes(reporters.state)).evidence == reporters.state.evidence


def test_reports_have_bytes():
    report = Report(7, -(2**31))
    assert bytes(report) == struct.pack("<Ii", 7, -(2**31))
    assert Report.from_bytes(bytes(report)) == report
    with pytest.raises(BadInput, match="7 bytes are no report"):
        Report.from_bytes(bytes(7))


def test_who_is_not_enrolled_is_refused():
    reporters = ShardReporters(2, CLIP)
    with pytest.raises(BadInput, match="reporter 2 is not among the 2 enrolled"):
        reporters.apply(Report(2, 0))
    assert reporters.reports == 0


def test_bytes_that_no_reporters_have_are_refused():
    histogram = RobustHistogram.of(np.array([100, -7], np.int32), CLIP)
    right = bytes(ShardState(histogram, 93))
    assert ShardState.from_bytes(right).evidence == 93
    head = struct.calcsize("<4sHq")
    for wrong in (
        right[: head - 1],
        b"XXXX" + right[4:],
        struct.pack("<4sHq", b"CSRS", 2, 93) + right[head:],
        struct.pack("<4sHq", b"CSRS", 1, 98) + right[head:],  # bins 33 and -2: 93 +- 4
        right + b"\0",
    ):
        with pytest.raises(ImpossibleState):
            ShardState.from_bytes(wrong)
