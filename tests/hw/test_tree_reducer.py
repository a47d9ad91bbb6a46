"""`TreeReducer` against the golden window of each beat, slot by slot."""

import random

import pytest
from consilience_hw.log_format import Q16_16
from consilience_hw.tree_reducer import TreeReducer
from consilience_sim import golden
from consilience_sim.stream_bench import bits_of, fields_of, run_stream

CODES = [
    lambda r: r.randrange(-(2**31), 2**31),
    lambda r: r.choice([-(2**31), -(2**31) + 1, 2**31 - 1, 0, -1, 8 << 16, (8 << 16) - 1]),
    lambda r: (r.randrange(-80, 1) << 16) + r.randrange(65536),
]


@pytest.mark.parametrize("lanes", [1, 2, 3, 8, 13])
def test_partial_state_equals_the_golden_window(lanes):
    choose = random.Random(lanes)
    dut = TreeReducer(Q16_16, lanes)
    mantissas = golden.mantissas(Q16_16)
    multisets = []
    for _ in range(250):
        draw = choose.choice(CODES)
        multisets.append([draw(choose) for _ in range(lanes)])
    beats = []
    for codes in multisets:
        beats.append(
            bits_of(
                dut.i.payload.shape(),
                [
                    {
                        "mantissa": int(mantissas[code & 0xFFFF]),
                        "position": code >> 16,
                        "present": code != Q16_16.log_of_zero,
                    }
                    for code in codes
                ],
            )
        )
    run = run_stream(dut, beats, len(beats), gaps=0.2)
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    for codes, bits in zip(multisets, run.outputs, strict=True):
        state = fields_of(dut.o.payload.shape(), bits)
        expected = golden.window(codes, Q16_16)
        assert state.present == (expected.top is not None), codes
        assert tuple(state.slots) == expected.slots, codes
        assert (state.count, state.over) == (expected.count, 0), codes
        if expected.top is not None:
            assert state.top == expected.top, codes


def test_no_lane_is_refused():
    with pytest.raises(ValueError, match=r"^lanes must be at least 1, not 0$"):
        TreeReducer(Q16_16, 0)
