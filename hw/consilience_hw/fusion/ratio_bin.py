"""Ratio to bin: a pipelined restoring division with eight quotient bits."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed

from ..primitives.pipeline import delayed
from ..spec.number_formats import CLIP_BIN, MAX_UNIT

__all__ = ["BIN_LATENCY", "UNIT_BITS", "bin_of_ratio"]

UNIT_BITS = MAX_UNIT.bit_length()
_QUOTIENT_BITS = CLIP_BIN.bit_length()
BIN_LATENCY = 2 + _QUOTIENT_BITS
"""Cycles of `bin_of_ratio`: magnitude, rounding and clip, and one per quotient bit."""


def bin_of_ratio(m: Module, ratio: Value, unit: Value) -> Signal:
    """Return the place 0 .. 256 of the bin of a signed 32-bit ratio, `BIN_LATENCY` cycles later.

    Bin -128 has place 0. `unit` is 1 .. 2**24 and travels along, so it may change in every cycle.
    Throughput: one ratio per cycle. Only the bin depends on data.
    """
    negative = delayed(m, ratio[-1], BIN_LATENCY, "ratio_negative")
    # The log of zero has the size 2**31, which is bin 128 of the largest unit: it always clips.
    size = Signal(32, reset_less=True)
    m.d.sync += size.eq(Mux(ratio[-1], -ratio, ratio))
    unit = delayed(m, unit, 1, "ratio_unit_sized")
    rest = Signal(33, name="ratio_raised", reset_less=True)
    m.d.sync += rest.eq(size + (unit >> 1))
    unit = delayed(m, unit, 1, "ratio_unit_raised")
    quotient: Value = Cat()
    for place in reversed(range(_QUOTIENT_BITS)):
        # From 128 on the remainder does not matter: the lower bits are masked at the end.
        fits = Signal(name=f"ratio_fits_{place}")
        m.d.comb += fits.eq(rest >= (unit << place))
        next_rest = Signal(33, name=f"ratio_rest_{place}", reset_less=True)
        next_quotient = Signal(_QUOTIENT_BITS - place, name=f"quotient_{place}", reset_less=True)
        m.d.sync += [
            next_rest.eq(Mux(fits, rest - (unit << place), rest)),
            next_quotient.eq(Cat(fits, quotient)),
        ]
        unit = delayed(m, unit, 1, f"ratio_unit_{place}")
        rest, quotient = next_rest, next_quotient
    magnitude = Mux(quotient[-1], CLIP_BIN, quotient[:-1])
    bin_place = Signal(signed(10), name="bin_place")
    m.d.comb += bin_place.eq(CLIP_BIN + Mux(negative, -magnitude, magnitude))
    result = Signal(9, name="bin_of_ratio")
    m.d.comb += result.eq(bin_place)
    return result
