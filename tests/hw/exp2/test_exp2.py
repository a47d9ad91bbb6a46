"""`Exp2` against the golden mantissas: the tables by exhaustion, the hardware on every fraction."""

import pytest

from consilience_hw.exp2.exp2 import Exp2, term_layout
from consilience_hw.exp2.exp2_rom import exp2_rom
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim import golden
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream

SMALL = LogFormat(integer_bits=8, fraction_bits=8, mantissa_bits=16)


@pytest.mark.parametrize("fmt", [Q16_16, SMALL, LogFormat(fraction_bits=12)], ids=str)
def test_three_tables_and_a_product_give_every_mantissa(fmt):
    assert (exp2_rom(fmt).mantissas() == golden.mantissas(fmt)).all()


def test_tables_of_the_boards_format():
    rom = exp2_rom(Q16_16)
    assert (len(rom.base), rom.base_bits) == (1024, 32)
    assert (len(rom.slope), rom.slope_bits) == (1024, 19)
    assert (len(rom.bend), rom.bend_bits) == (1024, 8)
    assert min(rom.base) >= 1 << 31


def terms_of(codes, lanes, present=1):
    dut = Exp2(Q16_16, lanes)
    layout = dut.i.payload.shape()
    inputs = [{"code": code, "present": present} for code in codes]
    beats = [
        bits_of(layout, inputs[start : start + lanes]) for start in range(0, len(codes), lanes)
    ]
    run = run_stream(dut, beats, len(beats))
    delays = {b - a for a, b in zip(run.accepted, run.produced, strict=True)}
    assert delays == {dut.latency}
    size = term_layout(Q16_16).size
    return [
        fields_of(term_layout(Q16_16), bits >> lane * size & (1 << size) - 1)
        for bits in run.outputs
        for lane in range(lanes)
    ]


def test_a_fraction_of_every_row_in_hardware():
    """With four lanes every table is read at two places at once; a row has 64 fractions."""
    check_fractions(4, range(0, 65536, 61))


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [1, 4])
def test_every_fraction_in_hardware(lanes):
    check_fractions(lanes, range(65536))


def check_fractions(lanes, fractions):
    codes = [((f * 40503) % 65536 - 32768) * 65536 + f for f in fractions]
    codes = codes[: len(codes) // lanes * lanes]
    mantissas = golden.mantissas(Q16_16)
    for code, term in zip(codes, terms_of(codes, lanes), strict=True):
        expected = (int(mantissas[code & 0xFFFF]), code >> 16, 1)
        assert (term.mantissa, term.position, term.present) == expected, f"code {code}"


@pytest.mark.parametrize("present", [0, 1])
def test_presence(present):
    (term,) = terms_of([-5], 1, present)
    assert term.present == present
