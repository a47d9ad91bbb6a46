"""The one rounding: log2 of an exact integer to the nearest code.

The border between the codes of fractions f and f + 1 is the irrational 2**((2f + 1) / 2**(F + 1)).
A sum S of up to 192 bits (Q16.16: 96), shifted left to 192 bits, is an integer; it is above the
border iff it is above the border's integer part at that scale. So comparing integers is exact.
"""

from bisect import bisect_left
from functools import cache

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.log_format import LogFormat
from consilience_sim.golden.mantissas import BITS, powers_of_two

__all__ = ["WIDTH", "border_words", "borders", "fractions_of", "is_near_border", "log2_rounded"]

WIDTH = 192
"""Bits of a normalised sum and of a border: values in [2**(WIDTH - 1), 2**WIDTH)."""


@cache
def borders(fraction_bits: int) -> tuple[int, ...]:
    """Return the integer parts of ``2**(WIDTH - 1) * 2**((2f + 1) / 2**(F + 1))`` for every f.

    Raises ArithmeticError if the precision could not decide an integer part.
    """
    shift = 2 * BITS - (WIDTH - 1)
    margin = 1 << shift - 40
    result = []
    for f, value in enumerate(powers_of_two(fraction_bits + 1)[1::2]):
        if not margin < value & (1 << shift) - 1 < (1 << shift) - margin:
            raise ArithmeticError(f"border {2 * f + 1} is too near to an integer")
        result.append(value >> shift)
    return tuple(result)


def log2_rounded(total: int, fmt: LogFormat) -> int:
    """Return log2(total), total > 0, in units of 2**-F, rounded to the nearest integer."""
    exponent = total.bit_length() - 1
    if exponent >= WIDTH:
        raise ValueError(f"sums have at most {WIDTH} bits, not {exponent + 1}")
    normalised = total << WIDTH - 1 - exponent
    below = bisect_left(borders(fmt.fraction_bits), normalised)
    return (exponent << fmt.fraction_bits) + below


def is_near_border(total: int, fmt: LogFormat) -> bool:
    """Return whether log2(total) is near a rounding border: only there a unit may not decide it.

    Near is about 2**-34, relative to the sum: 2**-18 ulp with F = 16. `Log2` promises to mark one
    case of 2**20, which is 2**-21 ulp on either side; the rest leaves room for its own error.
    """
    normalised = total << WIDTH - total.bit_length()
    table = borders(fmt.fraction_bits)
    place = bisect_left(table, normalised)
    # Before the first border lies half the last one, after the last twice the first.
    below = table[place - 1] if place else table[-1] >> 1
    above = table[place] if place < len(table) else table[0] << 1
    return min(normalised - below, above - normalised) <= normalised >> 34


@cache
def border_words(fraction_bits: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the upper 128 bits of the borders, which sums of up to 128 bits need, as two words."""
    table = [border >> WIDTH - 128 for border in borders(fraction_bits)]
    upper = np.array([border >> 64 for border in table], dtype=np.uint64)
    lower = np.array([border & (1 << 64) - 1 for border in table], dtype=np.uint64)
    return upper, lower


def fractions_of(
    upper: NDArray[np.uint64], lower: NDArray[np.uint64], fraction_bits: int
) -> NDArray[np.int64]:
    """Return the number of borders below each normalised 128-bit sum, given as two words."""
    border_upper, border_lower = border_words(fraction_bits)
    count = np.searchsorted(border_upper, upper, side="left")
    # At most one border has the same upper word (tested): the lower words decide.
    candidate = np.minimum(count, len(border_upper) - 1)
    same = border_upper[candidate] == upper
    below: NDArray[np.int64] = (count + (same & (lower > border_lower[candidate]))).astype(np.int64)
    return below
