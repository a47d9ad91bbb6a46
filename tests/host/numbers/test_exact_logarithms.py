"""Floors of logarithms against whole powers."""

from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.numbers.exact_logarithms import (
    ceil_log2,
    decided_floor_log2,
    floor_log2,
    power_bounds,
)

wholes = st.integers(1, 10**9) | st.integers(1, 10**40) | st.sampled_from([2**80, 2**80 - 1])


def whole_powers(above, below, bits):
    """floor(2**bits log2(above / below)), by the definition."""
    a, b = above ** (1 << bits), below ** (1 << bits)
    guess = a.bit_length() - b.bit_length()
    return guess if a << max(-guess, 0) >= b << max(guess, 0) else guess - 1


@settings(max_examples=150, deadline=None)
@given(wholes, wholes, st.integers(0, 9))
def test_floor_and_ceiling_are_those_of_whole_powers(above, below, bits):
    assert floor_log2(above, below, bits) == whole_powers(above, below, bits)
    assert ceil_log2(above, below, bits) == -whole_powers(below, above, bits)


@pytest.mark.parametrize("exponent", [-300, -1, 0, 1, 64, 5000])
def test_powers_of_two_are_exact_and_their_neighbours_are_not_they(exponent):
    above, below = 1 << max(exponent, 0), 1 << max(-exponent, 0)
    assert floor_log2(above, below) == ceil_log2(above, below) == exponent << 16
    scale = 10**30
    assert floor_log2(above * scale - 1, below * scale) == (exponent << 16) - 1
    assert ceil_log2(above * scale + 1, below * scale) == (exponent << 16) + 1


@given(st.integers(0, 10**6), st.integers(1, 15), st.integers(0, 4))
def test_roots_lie_between_their_bounds(base, numerator, halvings):
    low, high = power_bounds(base, numerator, halvings, 80)
    exact = base**numerator << 80 * (1 << halvings)
    assert low ** (1 << halvings) <= exact <= high ** (1 << halvings)
    assert high - low <= 2 * (1 << halvings)


def test_what_no_precision_decides_is_said():
    with pytest.raises(ArithmeticError, match="too near"):
        decided_floor_log2(lambda precision: ((1 << precision) - 1, (1 << precision) + 1))


@pytest.mark.parametrize("bits", [1, 16])
def test_beside_a_border_more_precision_decides(bits):
    root = isqrt(1 << 401)  # of 2, less than 2**-200 below it
    assert floor_log2(root, 1 << 200, bits) == (1 << bits >> 1) - 1
    assert floor_log2(root + 1, 1 << 200, bits) == 1 << bits >> 1
