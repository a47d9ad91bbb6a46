"""`PacketMerge` against the golden merge, and at the capacity."""

import random

import pytest

from consilience_hw.reduction.packet_merge import PacketMerge
from consilience_hw.reduction.window import window_layout
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.golden_windows import assert_state_of, state_fields


def multiset(choose):
    base = choose.choice([0, 5 << 16, -(2**31), 2**31 - 1, choose.randrange(-(2**31), 2**31)])
    count = choose.choice([0, 1, 1, 2, 9])
    return [
        max(-(2**31), min(2**31 - 1, base + choose.randrange(-(70 << 16), 70 << 16)))
        for _ in range(count)
    ]


def test_merge_is_the_window_of_the_union():
    choose = random.Random(9)
    dut = PacketMerge()
    pairs = [(multiset(choose), multiset(choose)) for _ in range(400)]
    beats = [
        bits_of(dut.i.payload.shape(), [state_fields(golden.window(side, Q16_16)) for side in pair])
        for pair in pairs
    ]
    run = run_stream(dut, beats, len(beats), gaps=0.3)
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    for (a, b), bits in zip(pairs, run.outputs, strict=True):
        assert_state_of(a + b, fields_of(window_layout(Q16_16), bits))


@pytest.mark.parametrize(
    ("counts", "overs", "over"),
    [
        ((2**32 - 1, 1), (0, 0), 0),
        ((2**32, 1), (0, 0), 1),
        ((2**32, 2**32), (0, 0), 1),
        ((1, 1), (1, 0), 1),
        ((1, 1), (0, 1), 1),
    ],
)
def test_capacity_is_sticky(counts, overs, over):
    dut = PacketMerge()
    sides = [
        {"present": 1, "top": 3, "slots": [count] * 8, "count": count, "over": flag}
        for count, flag in zip(counts, overs, strict=True)
    ]
    run = run_stream(dut, [bits_of(dut.i.payload.shape(), sides)], 1)
    state = fields_of(window_layout(Q16_16), run.outputs[0])
    assert state.over == over
    assert tuple(state.slots) == (sum(counts),) * 8
