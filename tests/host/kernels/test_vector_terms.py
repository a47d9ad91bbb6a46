"""The mantissas without a table: every fraction, exactly, and rounded once or twice a step."""

from fractions import Fraction

import numpy as np

from consilience.kernels.compiling import compiled
from consilience.kernels.vector_terms import MANTISSA, MARGIN, POLYNOMIAL, mantissa_bits
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

FRACTIONS = np.arange(1 << 16, dtype=np.int32)


@compiled
def mantissas_of(codes, words):
    for place in range(len(codes)):
        words[place] = mantissa_bits(codes[place])


def test_every_value_keeps_its_distance_from_the_borders():
    """Of the polynomial itself, in integers: its coefficients are multiples of 2**-176.

    Each of the 16 steps to it errs by half an ulp of a number below 2**25, at most.
    """
    assert MARGIN > 100 * 16 * 2.0 ** (25 - 53)
    unit = 176
    coefficients = [Fraction(number) * 2**unit for number in POLYNOMIAL]
    assert all(number.denominator == 1 for number in coefficients)
    whole = [int(number) for number in coefficients]
    distance = int(Fraction(MARGIN) * 2**unit)
    half = 1 << unit - 1
    for f, mantissa in enumerate(golden.mantissas(Q16_16).tolist()):
        value = 0
        for coefficient in reversed(whole):
            value = value * f + coefficient
        assert abs(value - (mantissa << unit)) <= half - distance, f


def test_mantissas_compiled_and_with_every_step_rounded_twice():
    expected = golden.mantissas(Q16_16).astype(np.uint64)
    for position in (-(1 << 15), -1, 0, (1 << 15) - 1):
        codes = FRACTIONS + np.int32(position << 16)
        words = np.empty(len(codes), np.uint64)
        mantissas_of(codes, words)
        np.testing.assert_array_equal(words & MANTISSA, expected)
    # The same Python on whole arrays: NumPy fuses nothing.
    np.testing.assert_array_equal(mantissa_bits.py_func(FRACTIONS) & MANTISSA, expected)
