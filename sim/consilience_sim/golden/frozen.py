"""Frozen tables: counts of calibration runs to increments, by whole numbers alone.

A binomial probability at a multiple of 2**-32 is a whole number over a power of two: compared as
that, so that nothing is rounded.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import comb

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.roots import floor_of_log2, floor_of_ratio, power_between

__all__ = ["frozen_limits", "frozen_terms"]

_ONE = 1 << 32
_ULPS = Q16_16.fractions


def frozen_limits(counts: Sequence[int], delta: Fraction) -> list[int]:
    """Return U_1 .. U_m in units of 2**-32: 1, then least upper limits, as a running minimum."""
    runs, bins = sum(counts), len(counts)
    limits = [_ONE]
    for j in range(1, bins):
        limits.append(min(limits[-1], _upper_limit(sum(counts[j:]), runs, delta / bins)))
    return limits


@cache
def _upper_limit(hits: int, runs: int, beyond: Fraction) -> int:
    """Return the least u with P(Binomial(runs, u / 2**32) <= hits) <= beyond; 1 if all hit."""
    if hits == runs:
        return _ONE
    low, high = 0, _ONE
    while high - low > 1:
        middle = (low + high) // 2
        total, others = 0, 1  # Horner's rule, the other factor beside it
        for i in range(hits, -1, -1):
            total = total * middle + comb(runs, i) * others
            others *= _ONE - middle
        total *= (_ONE - middle) ** (runs - hits)
        if total * beyond.denominator <= beyond.numerator << 32 * runs:
            high = middle
        else:
            low = middle
    return high


def frozen_terms(limits: Sequence[int], kappa: Fraction) -> list[int]:
    """Return ``floor(65536 log2 e_j)`` of the bins, the most suspect last."""
    terms: list[int] = []
    for j in range(len(limits) - 1, -1, -1):
        above, below = limits[j], limits[j + 1] if j + 1 < len(limits) else 0
        terms.insert(0, terms[0] if above == below else _term(above, below, kappa))
    return terms


def _term(above: int, below: int, kappa: Fraction) -> int:
    """Return ``floor(65536 log2((U**kappa - V**kappa) / (U - V)))`` of U, V in units of 2**-32."""
    if not below:
        # U**(kappa - 1) is a root of a rational number: to the power 65536 it is one.
        power = int(_ULPS * (1 - kappa))
        return floor_of_ratio(1 << 32 * power, above**power)
    low, high = power_between(above, kappa)
    least, most = power_between(below, kappa)
    width = above - below
    found = {floor_of_log2((low - most) // width), floor_of_log2(-((least - high) // width))}
    if len(found) != 1:
        raise ArithmeticError(f"{above}, {below}, kappa {kappa}: too near to a border")
    return found.pop() + int(32 * _ULPS * (1 - kappa))
