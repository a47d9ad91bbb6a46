"""The one rounding of a log sum: log2 of an exact integer to the nearest code.

The border between the codes of fractions f and f + 1 is ``2**((2f + 1) / 2**(F + 1))``: irrational,
so no sum meets it, and a sum brought to `border_width` bits is above it iff it is above its integer
part. Comparing integers therefore decides every sum, however near.
"""

from bisect import bisect_left
from functools import cache

from consilience_hw.spec.exp2_table import exp2_powers
from consilience_hw.spec.log_format import LogFormat

__all__ = ["border_width", "rounding_borders", "sum_to_code"]

_GUARD = 32
"""Bits by which the powers are finer than the borders cut from them."""
_POWER_ERROR = 256
"""Units of the last place by which `exp2_powers` may be too low."""


def border_width(fmt: LogFormat) -> int:
    """Return the width in bits of the largest sum of cut terms (96 for Q16.16)."""
    return fmt.slots * fmt.bin_width + fmt.capacity.bit_length() - 1


@cache
def rounding_borders(fmt: LogFormat) -> tuple[int, ...]:
    """Return ``floor(2**(W - 1) * 2**((2f + 1) / 2**(F + 1)))`` for every f; W = `border_width`.

    Raises ArithmeticError if the powers are too coarse to know an integer part for certain.
    """
    guard_bits = border_width(fmt) - 1 + _GUARD
    borders: list[int] = []
    for power in exp2_powers(fmt.fraction_bits + 1, guard_bits)[1::2]:
        border = power >> _GUARD
        if power + _POWER_ERROR >> _GUARD != border:
            raise ArithmeticError(f"border {len(borders)} of {fmt} is too near to an integer")
        borders.append(border)
    return tuple(borders)


def sum_to_code(total: int, top: int, fmt: LogFormat) -> int:
    """Return log2 of a sum, in units of ``2**(B * (top - D))``, as a code; it may be too large.

    Parameters
    ----------
    total : int
        Positive, of at most `border_width` bits.
    top : int
        The top bin.
    fmt : LogFormat
        Number format.
    """
    exponent = total.bit_length() - 1
    normalised = total << border_width(fmt) - 1 - exponent
    fraction = bisect_left(rounding_borders(fmt), normalised)
    position = exponent + fmt.bin_width * (top - fmt.window_bins)
    return (position << fmt.fraction_bits) + fraction
