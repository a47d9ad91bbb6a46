"""Log sums in high precision, to measure errors against: mathematics, not the specification.

By mpmath, which shares nothing with tables, gateware or golden model. Nothing is cut at a window
and no mantissa is rounded: what is left out is below 2**-190 of the sum.
"""

from functools import cache

import mpmath
import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.log_format import Q16_16, LogFormat

__all__ = ["error_in_ulp", "true_log_sum"]

_BITS = 240
"""Fraction bits of the powers."""
_DEPTH = 192
"""Positions below the highest that still count; 2**32 codes below them are no 2**-160 of it."""


@cache
def _powers(fraction_bits: int) -> tuple[int, ...]:
    """Return ``2**(f / 2**fraction_bits)`` for every f, in units of ``2**-_BITS``."""
    with mpmath.workprec(_BITS + 40):
        scale = mpmath.mpf(2) ** _BITS
        return tuple(
            int(mpmath.nint(scale * mpmath.power(2, mpmath.mpf(f) / (1 << fraction_bits))))
            for f in range(1 << fraction_bits)
        )


def true_log_sum(codes: NDArray[np.int32], fmt: LogFormat = Q16_16) -> mpmath.mpf:
    """Return log2 of the sum of 2**c in ulp (units of a code), right to about 2**-150 ulp.

    Parameters
    ----------
    codes : int32 array, shape (n,)
        At least one of them finite.

    Raises
    ------
    ValueError
        No code is finite: the sum is zero.
    """
    finite = codes[codes != fmt.log_of_zero].astype(np.int64)
    if not len(finite):
        raise ValueError("the sum of no finite code is zero; it has no logarithm")
    positions = finite >> fmt.fraction_bits
    highest = int(positions.max())
    # Equal codes are counted, so that 10^7 codes take no 10^7 sums of Python's integers.
    near, counts = np.unique(finite[positions > highest - _DEPTH], return_counts=True)
    raised = ((near >> fmt.fraction_bits) - (highest - _DEPTH)).tolist()
    fractions = (near & fmt.fractions - 1).tolist()
    powers = _powers(fmt.fraction_bits)
    total = sum(
        (count * powers[f]) << up
        for count, f, up in zip(counts.tolist(), fractions, raised, strict=True)
    )
    with mpmath.workprec(_BITS):
        logarithm = mpmath.log(mpmath.mpf(total), 2) - _BITS + highest - _DEPTH
        return logarithm * fmt.fractions


def error_in_ulp(code: int, codes: NDArray[np.int32], fmt: LogFormat = Q16_16) -> float:
    """Return |code - `true_log_sum`| in ulp."""
    with mpmath.workprec(_BITS):
        return float(abs(code - true_log_sum(codes, fmt)))
