"""L, the greatest code not above the log2 of a sum of two: what sequential monitors add with.

``L(a, b) = max(a, b) + G(|a - b|)`` with ``G(d) = floor(65536 log2(1 + 2**(-d / 65536)))``. The
table is made by comparing integers: G(d) is the largest g with ``2**(g / 65536)`` at most
``1 + 2**(-d / 65536)``, and it never rises, so that one walk down finds all of it.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.mantissas import BITS, powers_of_two

__all__ = ["added", "log_add", "log_add_table", "log_add_tree"]

_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
_ONE = Q16_16.fractions
_KEPT = 192
"""Fraction bits of the powers that are compared."""


@cache
def log_add_table() -> NDArray[np.int32]:
    """Return G(d) for every d up to the first where it is 0, and stays 0; read-only.

    Raises ArithmeticError if the precision could not decide an entry.
    """
    shift = 2 * BITS - _KEPT
    powers = [power >> shift for power in powers_of_two(Q16_16.fraction_bits)] + [2 << _KEPT]
    one, margin = 1 << _KEPT, 1 << 64
    table, g = [_ONE], _ONE
    while g:
        whole, fraction = divmod(-len(table), _ONE)
        total = one + (powers[fraction] >> -whole)
        while powers[g] > total + margin:  # each is too low by less than 2
            g -= 1
        if g and abs(powers[g] - total) <= margin:
            raise ArithmeticError(f"G({len(table)}) is too near to a border")
        table.append(g)
    values = np.array(table, np.int32)
    values.flags.writeable = False
    return values


def added(a: int, b: int) -> tuple[int, bool]:
    """Return a (+) b, and whether it was cut: the log of zero absorbs, what is too low is it."""
    if _ZERO in (a, b) or a + b <= _ZERO:
        return _ZERO, False
    return min(a + b, _MAX), a + b > _MAX


def log_add(a: int, b: int) -> tuple[int, bool]:
    """Return L(a, b), and whether it was cut to the largest code."""
    if _ZERO in (a, b):
        return max(a, b), False
    table, distance = log_add_table(), abs(a - b)
    total = max(a, b) + (int(table[distance]) if distance < len(table) else 0)
    return min(total, _MAX), total > _MAX


def log_add_tree(codes: Sequence[int]) -> tuple[int, bool]:
    """Return the tree of L in order, an odd last one passed on, and whether one was cut."""
    cut = False
    while len(codes) > 1:
        pairs = [log_add(a, b) for a, b in zip(codes[::2], codes[1::2], strict=False)]
        cut |= any(one for _, one in pairs)
        codes = [total for total, _ in pairs] + list(codes[len(codes) // 2 * 2 :])
    return codes[0], cut
