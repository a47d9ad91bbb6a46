"""The polynomial of the engines' SQL: every mantissa, and where its coefficients come from."""

import mpmath
import numpy as np

from consilience.engines.sum_text import MANTISSA_BITS, MANTISSA_POLYNOMIAL
from consilience_hw.spec.exp2_table import mantissa_table
from consilience_hw.spec.log_format import Q16_16


def test_every_mantissa_is_that_of_the_table():
    fraction = np.arange(Q16_16.fractions, dtype=np.int64)
    value = np.full(Q16_16.fractions, MANTISSA_POLYNOMIAL[-1])
    for coefficient in MANTISSA_POLYNOMIAL[-2::-1]:
        product = value * fraction
        assert product.min() >= 0  # none went beyond 63 bits
        value = (product >> Q16_16.fraction_bits) + coefficient
    cut = MANTISSA_BITS - Q16_16.mantissa_bits
    np.testing.assert_array_equal((value + (1 << cut - 1)) >> cut, mantissa_table(Q16_16))


def test_the_coefficients_are_those_of_chebyshev_interpolation():
    count = len(MANTISSA_POLYNOMIAL)
    with mpmath.workdps(60):
        nodes = [(mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * count)) + 1) / 2 for k in range(count)]
        powers = mpmath.matrix([[node**k for k in range(count)] for node in nodes])
        found = mpmath.lu_solve(powers, mpmath.matrix([mpmath.mpf(2) ** node for node in nodes]))
        made = tuple(int(mpmath.nint(one * 2**MANTISSA_BITS)) for one in found)
    assert made == MANTISSA_POLYNOMIAL
