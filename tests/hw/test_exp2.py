"""`Exp2` against the golden mantissas: the tables by exhaustion, the hardware on every fraction."""

import pytest
from consilience_hw.exp2 import Exp2, term_layout
from consilience_hw.exp2_rom import exp2_rom
from consilience_hw.log_format import Q16_16, LogFormat
from consilience_sim import golden
from consilience_sim.stream_bench import bits_of, fields_of, run_stream

SMALL = LogFormat(integer_bits=8, fraction_bits=8, mantissa_bits=16)


@pytest.mark.parametrize("fmt", [Q16_16, SMALL, LogFormat(fraction_bits=12)], ids=str)
def test_two_tables_and_a_product_give_every_mantissa(fmt):
    assert (exp2_rom(fmt).mantissas() == golden.mantissas(fmt)).all()


def test_tables_of_the_boards_format():
    rom = exp2_rom(Q16_16)
    assert (len(rom.base), rom.base_bits) == (1024, 35)
    assert (len(rom.ratio), rom.ratio_bits) == (64, 24)


def terms_of(codes, keep=1, fmt=Q16_16):
    dut = Exp2(fmt)
    layout = dut.i.payload.shape()
    beats = [bits_of(layout, {"code": code, "keep": keep}) for code in codes]
    run = run_stream(dut, beats, len(beats))
    delays = {b - a for a, b in zip(run.accepted, run.produced, strict=True)}
    assert delays == {dut.latency}
    return [fields_of(term_layout(fmt), bits) for bits in run.outputs]


def test_every_fraction_in_hardware():
    codes = [((f * 40503) % 65536 - 32768) * 65536 + f for f in range(65536)]
    mantissas = golden.mantissas(Q16_16)
    for code, term in zip(codes, terms_of(codes), strict=True):
        expected = (int(mantissas[code & 0xFFFF]), code >> 16, int(code != -(2**31)))
        assert (term.mantissa, term.position, term.present) == expected, f"code {code}"


@pytest.mark.parametrize(
    ("code", "keep", "present"),
    [(-(2**31), 1, 0), (-(2**31) + 1, 1, 1), (2**31 - 1, 1, 1), (0, 0, 0), (0, 1, 1)],
)
def test_presence(code, keep, present):
    (term,) = terms_of([code], keep)
    assert term.present == present
