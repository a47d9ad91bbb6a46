"""`TreeReducer` against the golden window of each beat, slot by slot."""

import random

import pytest

from consilience_hw.reduction.highest_bin import key_bits
from consilience_hw.reduction.tree_reducer import TreeReducer
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.golden_windows import assert_state_of, some_codes

MANTISSAS = golden.mantissas(Q16_16)


def beat_of(codes, choose):
    """The terms of the codes and their highest key; an absent key has any number."""
    presence = 1 << key_bits(Q16_16) - 1
    top = golden.window(codes, Q16_16).top
    highest = choose.randrange(presence) if top is None else presence + top + presence // 2
    terms = [
        {
            "mantissa": int(MANTISSAS[code & 0xFFFF]),
            "position": code >> 16,
            "present": code != Q16_16.log_of_zero,
        }
        for code in codes
    ]
    return {"terms": terms, "highest": highest}


@pytest.mark.parametrize("lanes", [1, 2, 3, 8, 13])
def test_partial_state_equals_the_golden_window(lanes):
    choose = random.Random(lanes)
    dut = TreeReducer(Q16_16, lanes)
    multisets = [some_codes(choose, lanes) for _ in range(250)]
    beats = [bits_of(dut.i.payload.shape(), beat_of(codes, choose)) for codes in multisets]
    run = run_stream(dut, beats, len(beats), gaps=0.2)
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    for codes, bits in zip(multisets, run.outputs, strict=True):
        assert_state_of(codes, fields_of(dut.o.payload.shape(), bits))
