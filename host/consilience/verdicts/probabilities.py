"""Posterior codes as probabilities whose printed digits sum to 1, the same on every machine.

A code is rounded to 2**-16 bit, so that the numbers ``2**(code * 2**-16)`` of an agent miss 1 by
some 10**-5. Here they are scaled to sum to 1 and cut to decimals in integers; the units that are
left go to the largest remainders.
"""

from fractions import Fraction
from functools import cache
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from consilience.numbers.arrays import Codes
from consilience_hw.spec.log_format import Q16_16

__all__ = ["DECIMALS", "in_words", "probabilities", "units_of"]

DECIMALS = 12
"""Decimals of a probability: six digits and more of all that is above `_SMALL`."""

_SMALL = 10**6
"""Units below which a probability keeps its own digits: a code resolves 10**-5 of it."""
_BITS = 52
"""Fraction bits of a term: sixteen of them, times 100, fit into 63 bits."""
_GUARD = 76
_ZERO = Q16_16.log_of_zero


def probabilities(codes: Codes) -> NDArray[np.float64]:
    """Return posterior codes (n, H) as probabilities, binary64 of the same shape.

    Each is the nearest number to a decimal of 12 places, and these sum to exactly 1; but below
    10**-6 a probability keeps digits of its own, so that the sum is then within half a unit of the
    last place. Where all are equal and 1 cannot be divided, the first are a unit larger. Rows
    without a possible hypothesis are 0, and what is below binary64.
    """
    terms, shift = _terms(codes)
    units = _shared(terms, 10**DECIMALS)
    whole = units / 10.0**DECIMALS
    small = (units < _SMALL) & (codes != _ZERO)
    if not small.any():
        return whole
    total = terms.sum(axis=1, keepdims=True)
    table = _powers()
    mantissa = table[shift & Q16_16.fractions - 1] / np.maximum(total, 1)
    with np.errstate(under="ignore"):
        exact = np.ldexp(mantissa, -np.minimum(shift >> Q16_16.fraction_bits, 2_000).astype(int))
    # What the small ones hold is taken from the others, to the nearest unit.
    rows = np.flatnonzero(small.any(axis=1))
    taken = np.rint(np.where(small, exact, 0.0)[rows].sum(axis=1) * 10.0**DECIMALS).astype(np.int64)
    large = np.where(small[rows], 0, terms[rows])
    whole[rows] = _shared(large, 10**DECIMALS - taken) / 10.0**DECIMALS
    return np.where(small, exact, whole)


def units_of(codes: Codes, decimals: int) -> NDArray[np.int64]:
    """Return posterior codes (n, H) in units of ``10**-decimals``, which sum to 1; decimals <= 12.

    A row without a possible hypothesis is 0.
    """
    return _shared(_terms(codes)[0], 10**decimals)


def in_words(codes: Codes, level: Fraction | None = None) -> list[str]:
    """Return the probabilities of one agent, codes (H,), with as few decimals as tell them apart.

    Two, or more where one would be shown as 0 that is not, or on the other side of a level, up to
    12; they sum to 1 as shown.
    """
    row = np.asarray(codes, np.int32)[np.newaxis]
    possible = row[0] != _ZERO
    reached = _reach(units_of(row, DECIMALS)[0], DECIMALS, level)
    for decimals in range(2, DECIMALS + 1):
        units = units_of(row, decimals)[0]
        if (units[possible] > 0).all() and _reach(units, decimals, level) == reached:
            break
    return [
        _in_words(one, decimals, alone=bool(possible.sum() == 1)) if there else "0"
        for one, there in zip(units.tolist(), possible.tolist(), strict=True)
    ]


def _reach(units: NDArray[np.int64], decimals: int, level: Fraction | None) -> list[bool]:
    return [] if level is None else [one >= level * 10**decimals for one in units.tolist()]


def _in_words(units: int, decimals: int, *, alone: bool) -> str:
    whole = 10**decimals
    if alone:
        return "1"
    if units in (0, whole):
        return f"above 1 - 1e-{decimals}" if units else f"below 1e-{decimals}"
    return f"0.{units:0{decimals}}"


def _terms(codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ``2**52 * 2**(code - top)``, cut, and how far each code lies below its row's top."""
    wide = codes.astype(np.int64)
    gap = wide.max(axis=1, keepdims=True, initial=_ZERO) - wide
    whole = np.minimum(gap >> Q16_16.fraction_bits, 63)
    terms = np.where(wide == _ZERO, 0, _powers()[gap & Q16_16.fractions - 1] >> whole)
    return terms, gap


def _shared(terms: NDArray[np.int64], units: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return `units` (of each row) divided in the ratio of its terms, by largest remainder."""
    total = terms.sum(axis=1, keepdims=True)
    wanted = np.broadcast_to(np.asarray(units, np.int64).reshape(-1, 1), total.shape)
    # terms * wanted / total, digit by digit of base 64: each product stays within 63 bits.
    shares, rest = np.zeros_like(terms), np.zeros_like(terms)
    for place in range(36, -1, -6):
        digit = wanted >> place & 63
        rest = (rest << 6) + terms * digit
        step = rest // np.maximum(total, 1)
        shares = (shares << 6) + step
        rest -= step * total
    left = np.where(total[:, 0] > 0, wanted[:, 0] - shares.sum(axis=1), 0)
    rest[terms == 0] = -1
    while (rows := np.flatnonzero(left > 0)).size:
        largest = rest[rows].argmax(axis=1)
        shares[rows, largest] += 1
        rest[rows, largest] = -1
        left[rows] -= 1
    return shares


@cache
def _powers() -> NDArray[np.int64]:
    """Return ``2**52 * 2**(-f / 65536)``, to the nearest, for f = 0 .. 65535."""
    precision = _BITS + _GUARD
    root = 1 << precision - 1  # 1/2, and then its square roots
    for _ in range(Q16_16.fraction_bits):
        root = isqrt(root << precision)
    value, values = 1 << precision, []
    for _ in range(Q16_16.fractions):
        values.append((value + (1 << _GUARD - 1)) >> _GUARD)
        value = value * root >> precision
    return np.array(values, np.int64)
