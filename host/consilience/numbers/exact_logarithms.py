"""Floors of logarithms to base 2, decided in integers: for what must never be rounded up."""

from collections.abc import Callable
from math import isqrt

__all__ = ["Bounds", "ceil_log2", "decided_floor_log2", "floor_log2", "power_bounds"]

Bounds = Callable[[int], tuple[int, int]]
"""Of a positive number, given a precision P: integers between which it lies times ``2**P``."""

_LEAST_PRECISION = 64
_GREATEST_PRECISION = 1 << 14


def floor_log2(numerator: int, denominator: int = 1, bits: int = 16) -> int:
    """Return ``floor(2**bits * log2(numerator / denominator))`` of positive integers."""

    def bounds(precision: int) -> tuple[int, int]:
        scaled = numerator << precision
        return scaled // denominator, -(-scaled // denominator)

    # So many bits at least that the number is not cut to zero.
    least = max(denominator.bit_length() - numerator.bit_length(), 0)
    return decided_floor_log2(bounds, bits, least)


def ceil_log2(numerator: int, denominator: int = 1, bits: int = 16) -> int:
    """Return ``ceil(2**bits * log2(numerator / denominator))`` of positive integers."""
    return -floor_log2(denominator, numerator, bits)


def decided_floor_log2(bounds: Bounds, bits: int = 16, least: int = 0) -> int:
    """Return ``floor(2**bits * log2(x))`` of a number that is known as exactly as is needed.

    It ends for every x but one: a power of two with a fractional exponent of `bits` bits, which no
    rational number and no difference of such roots here is; whole powers of two end if their
    bounds are exact.

    Raises
    ------
    ArithmeticError
        16,000 bits did not decide it.
    """
    precision = least + _LEAST_PRECISION
    while precision <= _GREATEST_PRECISION + least:
        found = _floor_between(*bounds(precision), precision, bits)
        if found is not None:
            return found
        precision += max(precision - least, _LEAST_PRECISION)
    raise ArithmeticError("a logarithm is too near to a whole number to decide")


def power_bounds(base: int, numerator: int, halvings: int, precision: int) -> tuple[int, int]:
    """Return integers between which ``base**(numerator / 2**halvings) * 2**precision`` lies."""
    low = high = base**numerator << precision
    for _ in range(halvings):
        low, high = isqrt(low << precision), _root_above(high << precision)
    return low, high


def _root_above(square: int) -> int:
    root = isqrt(square)
    return root if root * root == square else root + 1


def _floor_between(low: int, high: int, precision: int, bits: int) -> int | None:
    """Return the floor that all numbers between have; None if they have several.

    Bit by bit: of a number in [1, 2) the square is at least 2 where the next bit of its logarithm
    is 1.
    """
    whole = low.bit_length() - 1
    if low <= 0 or high.bit_length() - 1 != whole:
        return None
    cut = whole - precision - bits  # places more than the bounds and the squarings are worth
    low, high = (low >> cut, -(-high >> cut)) if cut > 0 else (low, high)
    one = whole - max(cut, 0)
    result = whole - precision
    for _ in range(bits):
        low, high = low * low >> one, -(-high * high >> one)
        result <<= 1
        if low >> one >= 2:
            low, high, result = low >> 1, -(-high >> 1), result | 1
        elif high >> one >= 2:
            return None
    return result
