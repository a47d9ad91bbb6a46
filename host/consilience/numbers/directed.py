"""Natural logarithms rounded in one direction: the greatest code below them, decided exactly.

``x log2(e) 65536`` is a whole number for x = 0 alone: otherwise e to a rational power would be an
algebraic number. So enough digits decide on which side of a code a number lies, and binary64 has
enough for nearly all.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.log_format import Q16_16

__all__ = ["whole_ulps"]

_ULPS_PER_NAT = float.fromhex("0x1.71547652b82fep+0") * Q16_16.fractions
_ERROR = 2.0**-50
"""Relative, of the product in binary64: the constant and the product are each within 2**-53, and
so is a value that was wider than binary64."""
_FAR = (1 << 40) + 0.5
"""Beyond all codes, how far is of no matter; between whole numbers, so that it is decided."""
_LEAST_PRECISION = 128


def whole_ulps(
    values: NDArray[Any], binary64: NDArray[np.float64], upwards: bool
) -> NDArray[np.int64]:
    """Return the floor of ``x log2(e) 65536`` of natural logarithms, or the ceiling.

    Parameters
    ----------
    values : (n,)
        Real numbers as they were given, or -infinity, which gives a number below all codes.
    binary64 : (n,)
        The same as binary64, rounded where they are wider.
    upwards : bool
        A ceiling: less the floor of the number's negative.
    """
    sign = -1 if upwards else 1
    with np.errstate(over="ignore"):
        product = np.clip(binary64 * (sign * _ULPS_PER_NAT), -_FAR, _FAR)
    error = np.abs(product) * _ERROR
    floors = np.floor(product - error).astype(np.int64)
    # A value below the smallest binary64 looks like 0, and is not.
    undecided = (floors != np.floor(product + error)) | ((binary64 == 0) & (values != 0))
    for place in np.flatnonzero(undecided).tolist():
        numerator, denominator = _ratio(values[place])
        floors[place] = _floor(sign * numerator, denominator)
    return sign * floors


def _ratio(value: Any) -> tuple[int, int]:
    """Return a real NumPy number as numerator and denominator."""
    if isinstance(value, np.floating):
        numerator, denominator = value.as_integer_ratio()
        return int(numerator), int(denominator)
    return int(value), 1


def _floor(numerator: int, denominator: int) -> int:
    """Return ``floor(65536 numerator / (denominator ln 2))``."""
    precision = _LEAST_PRECISION
    while True:
        ulps = numerator << Q16_16.fraction_bits + precision
        found = {ulps // (denominator * bound) for bound in _ln_2(precision)}
        if len(found) == 1:
            return found.pop()
        precision *= 2


@cache
def _ln_2(precision: int) -> tuple[int, int]:
    """Return integers between which ``ln(2) * 2**precision`` lies: ln 2 = 2 artanh(1/3)."""
    terms = range(1, precision + 2, 2)
    low = sum((2 << precision) // (odd * 3**odd) for odd in terms)
    # Each term is cut by less than 1, and those left out sum to less than 1.
    return low, low + len(terms) + 1
