"""Thresholds, weights and e-BH of monitors, by whole powers: slow, and nothing to get wrong."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.mantissas import BITS, powers_of_two

__all__ = ["bh_count", "least_code", "weights_fit"]

_ULPS = Q16_16.fractions


def least_code(wanted: Fraction) -> int:
    """Return the least c with ``2**(c / 65536) >= wanted``: 2**c at least its 65536th power."""
    above: int = wanted.numerator**_ULPS
    below: int = wanted.denominator**_ULPS
    code = above.bit_length() - below.bit_length() - 1
    while (1 << max(code, 0)) * below < above << max(-code, 0):
        code += 1
    return code


def weights_fit(weights: Sequence[int]) -> bool:
    """Return whether shares of these codes, each rounded up to 2**-24, sum to at most 1."""
    total = 0
    for weight in weights:
        whole, part = divmod(weight, _ULPS)
        power = _powers()[part]  # too low by less than 2**-250
        shift = 2 * BITS - 24 - whole
        total += (power >> shift) + bool(part or power & ((1 << shift) - 1))
    return total <= 1 << 24


@cache
def _powers() -> list[int]:
    return powers_of_two(Q16_16.fraction_bits)


def bh_count(statistics: Sequence[int], enrolled: int, alpha: Fraction) -> int:
    """Return k*: the largest k whose k-th highest statistic is at least ``log2(N / (k alpha))``."""
    falling = sorted(statistics, reverse=True)
    fits = [k for k, one in enumerate(falling, 1) if one >= least_code(enrolled / (k * alpha))]
    return max(fits, default=0)
