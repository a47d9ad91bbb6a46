"""A ratio to its bin: a pipelined division, of which only eight quotient bits matter."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed

from ..primitives.pipeline import delayed
from ..spec.log_format import Q16_16
from ..spec.number_formats import CLIP_BIN, MAX_UNIT

__all__ = ["BIN_LATENCY", "UNIT_BITS", "bin_of_ratio"]

UNIT_BITS = MAX_UNIT.bit_length()
_QUOTIENT_BITS = CLIP_BIN.bit_length()
BIN_LATENCY = 2 + _QUOTIENT_BITS
"""Of `bin_of_ratio`, in cycles: magnitude, rounding and clip, one quotient bit each."""


def bin_of_ratio(m: Module, ratio: Value, unit: Value) -> Signal:
    """Return, `BIN_LATENCY` cycles later, the bin's place 0 .. 256 of a signed 32-bit ratio.

    Bin -128 has place 0. `unit` is 1 .. 2**24 and travels along, so that it may change from one
    cycle to the next. One ratio per cycle; nothing depends on data but the bin.
    """
    negative = delayed(m, ratio[-1], BIN_LATENCY, "ratio_negative")
    # The log of zero clips even where half its size is below the largest unit's clip.
    zero_log = delayed(m, ratio == Q16_16.log_of_zero, BIN_LATENCY, "ratio_zero_log")
    size = Signal(32, reset_less=True)
    m.d.sync += size.eq(Mux(ratio[-1], -ratio, ratio))
    unit = delayed(m, unit, 1, "ratio_unit_sized")
    rest = Signal(33, name="ratio_raised", reset_less=True)
    m.d.sync += rest.eq(size + (unit >> 1))
    unit = delayed(m, unit, 1, "ratio_unit_raised")
    quotient: Value = Cat()
    for place in reversed(range(_QUOTIENT_BITS)):
        # At 128 and above the rest no longer matters: the lower bits are masked at the end.
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
    clipped = quotient[-1] | zero_log
    magnitude = Mux(clipped, CLIP_BIN, quotient[:-1])
    bin_place = Signal(signed(10), name="bin_place")
    m.d.comb += bin_place.eq(CLIP_BIN + Mux(negative, -magnitude, magnitude))
    result = Signal(9, name="bin_of_ratio")
    m.d.comb += result.eq(bin_place)
    return result
