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
    for reporter in (2, -1):
        with pytest.raises(BadInput, match=f"reporter {reporter} is not among the 2 enrolled"):
            reporters.apply(Report(reporter, 0))
    assert reporters.reports == 0


@pytest.mark.parametrize(("unit", "least"), [(1, 5), (2, 11), (4, 22), (5, 28), (1000, 5_500)])
def test_the_least_evidence_that_a_bin_may_have(unit, least):
    """Of one reporter in a bin: the lowest ratio of all that are binned there."""
    histogram = RobustHistogram.of(np.array([least], np.int32), 128 * unit)
    head = struct.calcsize("<4sHq")
    right = bytes(ShardState(histogram, least))
    lower = struct.pack("<4sHq", b"CSRS", 1, least - 1) + right[head:]
    assert ShardState.from_bytes(right).evidence == least
    with pytest.raises(ImpossibleState):
        ShardState.from_bytes(lower)


def test_bytes_that_no_reporters_have_are_refused():
    histogram = RobustHistogram.of(np.array([100, -7], np.int32), CLIP)
    right = bytes(ShardState(histogram, 93))
    head = struct.calcsize("<4sHq")
    assert right[:head] == struct.pack("<4sHq", b"CSRS", 1, 93)
    for evidence in (91, 93, 95):  # bins 33 and -2 of 3 ulp: each ratio within 1 of its bin
        possible = struct.pack("<4sHq", b"CSRS", 1, evidence) + right[head:]
        assert ShardState.from_bytes(possible).evidence == evidence
    for wrong in (
        right[: head - 1],
        b"XXXX" + right[4:],
        struct.pack("<4sHq", b"CSRS", 2, 93) + right[head:],
        struct.pack("<4sHq", b"CSRS", 1, 96) + right[head:],
        struct.pack("<4sHq", b"CSRS", 1, 90) + right[head:],
        right + b"\0",
    ):
        with pytest.raises(ImpossibleState):
            ShardState.from_bytes(wrong)
