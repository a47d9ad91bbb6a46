"""`Accumulator`: packets of partial states against the golden window of all their codes."""

import random

import pytest

from consilience_hw.reduction.accumulator import Accumulator
from consilience_hw.reduction.window import window_layout
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.golden_windows import assert_state_of, state_fields


def test_packets_back_to_back():
    choose = random.Random(3)
    dut = Accumulator(Q16_16, lanes=4)
    beats, expected, base = [], [], 0
    for _ in range(150):
        # At the height of the packet before, as often as not: then only the mask forgets it.
        base = choose.choice([base, choose.randrange(-(2**31), 2**31)])
        spread = choose.choice([1, 40 << 16, 90 << 16, 2**31])
        codes = [
            max(-(2**31), min(2**31 - 1, base - choose.randrange(spread)))
            for _ in range(choose.randrange(0, 13))
        ]
        choose.shuffle(codes)
        groups = [codes[k : k + 4] for k in range(0, max(1, len(codes)), 4)]
        for number, group in enumerate(groups):
            state = state_fields(golden.window(group, Q16_16))
            beats.append({"state": state, "last": number == len(groups) - 1})
        expected.append(codes)
    payloads = [bits_of(dut.i.payload.shape(), beat) for beat in beats]
    run = run_stream(dut, payloads, len(expected))
    ends = [cycle for cycle, beat in zip(run.accepted, beats, strict=True) if beat["last"]]
    assert {b - a for a, b in zip(ends, run.produced, strict=True)} == {dut.latency}
    assert run.accepted[-1] - run.accepted[0] == len(beats) - 1
    for codes, bits in zip(expected, run.outputs, strict=True):
        assert_state_of(codes, fields_of(window_layout(Q16_16), bits))


@pytest.mark.parametrize(("beats", "over"), [(8, 0), (9, 1), (12, 1), (20, 1)])
def test_capacity_is_sticky(beats, over):
    # Each partial state claims an eighth of the capacity.
    dut = Accumulator(Q16_16, lanes=Q16_16.capacity // 8)
    state = {"present": 1, "top": 0, "slots": [0] * 8, "count": Q16_16.capacity // 8}
    layout = dut.i.payload.shape()
    packet = [
        bits_of(layout, {"state": state, "last": number == beats - 1}) for number in range(beats)
    ]
    after = bits_of(layout, {"state": state, "last": 1})
    run = run_stream(dut, [*packet, after], 2)
    first, second = (fields_of(window_layout(Q16_16), bits) for bits in run.outputs)
    assert first.over == over
    assert (second.over, second.count) == (0, Q16_16.capacity // 8)


def test_full_slots_keep_every_bit():
    """The largest sums there are, of 2**32 parts of 255; the next packet finds none of them."""
    share = Q16_16.capacity // 8
    dut = Accumulator(Q16_16, lanes=share)
    layout = dut.i.payload.shape()
    full = {"present": 1, "top": 0, "slots": [share * 255] * 8, "count": share}
    one = {"present": 1, "top": 0, "slots": [1] * 8, "count": 1}
    beats = [bits_of(layout, {"state": full, "last": number == 7}) for number in range(8)]
    run = run_stream(dut, [*beats, bits_of(layout, {"state": one, "last": 1})], 2)
    first, second = (fields_of(window_layout(Q16_16), bits) for bits in run.outputs)
    assert tuple(first.slots) == (Q16_16.capacity * 255,) * 8
    assert (first.count, first.over) == (Q16_16.capacity, 0)
    assert tuple(second.slots) == (1,) * 8
