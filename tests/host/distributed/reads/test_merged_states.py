"""The running sum of the states held is that of a sum made anew, whatever was replaced."""

import hashlib
import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.reads.merged_states import HeldState, MergedStates
from consilience.distributed.reads.shard_state import ShardState
from consilience.distributed.shard_store import Standing
from consilience.kernels.read_kernels import NEVER
from consilience.robust.robust_histogram import RobustHistogram

CLIP, SHARDS = 128 * 4, 3
ratios = st.lists(st.integers(-CLIP, CLIP), max_size=5)
arrivals = st.lists(st.tuples(st.integers(1, SHARDS), st.integers(1, 4), ratios), max_size=12)


@given(arrivals)
def test_a_view_is_the_sum_of_what_is_held(arrivals):
    states, held = MergedStates(SHARDS, CLIP, epoch=7), {}
    for moment, (shard, version, values) in enumerate(arrivals):
        histogram = RobustHistogram.of(np.array(values, np.int32), CLIP)
        state = HeldState((1, version), bytes(histogram), ShardState(histogram, sum(values)))
        if version > held.get(shard, (0,))[0]:
            held[shard] = version, values, moment
        assert (states.join_dated(shard, state, moment) is Standing.NEW) == (
            held[shard][2] == moment
        )
    view, every = states.view(), [one for _, values, _ in held.values() for one in values]
    whole = RobustHistogram.of(np.array(every, np.int32), CLIP)
    assert bytes(view.total.histogram) == bytes(whole) and view.total.evidence == sum(every)
    data = b"consilience read 1\0" + struct.pack("<Q", 7) + bytes(view.total)
    assert view.digest == hashlib.sha256(data).hexdigest()
    rows = [held.get(shard, (0, [], NEVER)) for shard in range(1, SHARDS + 1)]
    assert view.versions == tuple(version for version, _, _ in rows)
    assert view.incarnations == tuple(int(version > 0) for version, _, _ in rows)
    assert view.evidence.tolist() == [sum(values) for _, values, _ in rows]
    assert view.sent_ns.tolist() == [moment for _, _, moment in rows]


def test_a_view_is_made_once_a_state_and_keeps_the_dates_of_its_moment():
    states = MergedStates(1, CLIP, 0)
    empty = states.view()
    assert states.view().total is empty.total and not empty.total.histogram.count
    assert (empty.sent_ns.tolist(), empty.versions) == ([NEVER], (0,))
    histogram = RobustHistogram.of(np.array([3], np.int32), CLIP)
    states.join_dated(1, HeldState((1, 1), b"", ShardState(histogram, 3)), 5)
    held = states.view()
    assert held.total is not empty.total and held.versions == (1,)
    states.date(1, 8)
    again = states.view()
    assert again.sent_ns.tolist() == [8] and held.sent_ns.tolist() == [5]
    assert again.total is held.total and again.digest == held.digest


def test_orders_of_64_bits_and_evidence_are_those_of_the_last_state():
    states, largest = MergedStates(2, CLIP, 0), (1 << 64) - 1
    nothing = ShardState(RobustHistogram(CLIP), 0)
    states.join_dated(2, HeldState((largest, largest), b"", nothing), 0)
    view = states.view()
    assert (view.incarnations, view.versions) == ((0, largest), (0, largest))
    assert view.evidence.tolist() == [0, 0] and view.sent_ns.tolist() == [NEVER, 0]
