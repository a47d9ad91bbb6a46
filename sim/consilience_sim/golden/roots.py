"""Roots of whole numbers, and floors of log2 of them, by comparing integers."""

from bisect import bisect_right
from fractions import Fraction
from functools import cache
from math import isqrt

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.mantissas import BITS, powers_of_two

__all__ = ["floor_of_log2", "floor_of_ratio", "power_between"]

_ULPS = Q16_16.fractions


def power_between(base: int, kappa: Fraction) -> tuple[int, int]:
    """Return integers between which ``base**kappa * 2**BITS`` lies, by square roots."""
    low = high = base**kappa.numerator << BITS
    for _ in range(kappa.denominator.bit_length() - 1):
        low, high = isqrt(low << BITS), isqrt(high << BITS) + 1
    return low, high


def floor_of_log2(number: int) -> int:
    """Return floor(65536 log2(number / 2**BITS)) of a positive integer."""
    whole = number.bit_length() - 1
    normal = number << 2 * BITS - whole if whole <= 2 * BITS else number >> whole - 2 * BITS
    return (whole - BITS) * _ULPS + bisect_right(_powers(), normal) - 1


@cache
def _powers() -> list[int]:
    return powers_of_two(Q16_16.fraction_bits)


def floor_of_ratio(above: int, below: int) -> int:
    """Return floor(log2(above / below)) of positive integers."""
    guess = above.bit_length() - below.bit_length()
    fits = above >= below << guess if guess >= 0 else above << -guess >= below
    return guess if fits else guess - 1
