"""Powers of two with fractional exponents, from the exponential series."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.log_format import LogFormat

__all__ = ["BITS", "mantissas", "power_of_two", "powers_of_two"]

BITS = 280
"""Fraction bits of all powers here. Each is wrong by less than 2**-260."""


def _ln_2() -> int:
    """Return ln 2 with BITS fraction bits, as 2 artanh(1/3)."""
    return sum(2 * (1 << BITS) // (odd * 3**odd) for odd in range(1, 2 * BITS, 2))


@cache
def power_of_two(numerator: int, denominator_log: int) -> int:
    """Return ``2**(numerator / 2**denominator_log)``, exponent in [0, 1), with BITS fraction bits.

    The series of exp(x ln 2), term by term until it vanishes.
    """
    x = _LN_2 * numerator >> denominator_log
    total = term = 1 << BITS
    k = 1
    while term:
        term = term * x // (k << BITS)
        total += term
        k += 1
    return total


_LN_2 = _ln_2()


def powers_of_two(bits: int) -> list[int]:
    """Return ``2**(f / 2**bits)`` for every f, with 2 BITS fraction bits.

    Each is a product of two powers, so that the series is summed for few of them.
    """
    low_bits = bits // 2
    low = [power_of_two(f, bits) for f in range(1 << low_bits)]
    high = [power_of_two(f, bits - low_bits) for f in range(1 << bits - low_bits)]
    return [a * b for a in high for b in low]


@cache
def mantissas(fmt: LogFormat) -> NDArray[np.uint32]:
    """Return M[f] = 2**(P + f / 2**F) rounded to an integer, for every f; shape (2**F,)."""
    shift = 2 * BITS - fmt.mantissa_bits
    table = [(power + (1 << shift - 1)) >> shift for power in powers_of_two(fmt.fraction_bits)]
    return np.array(table, dtype=np.uint32)
