"""Floats to codes and back: the contract to the bit, and what is refused."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.errors import BadInput
from consilience.numbers import convert
from consilience.numbers.convert import as_codes, from_codes, quantise, to_codes
from consilience_hw.spec.log_format import Q16_16

ZERO = Q16_16.log_of_zero
LARGEST = Q16_16.max_code
LOG2_E = float.fromhex("0x1.71547652b82fep+0")


def contract(x):
    """The contract, one value at a time, with the products rounded by exact fractions."""
    log2_e = Fraction(LOG2_E)
    product = float(Fraction(x) * log2_e)  # binary64, rounded once
    return min(max(round(Fraction(product) * 65536), -LARGEST), LARGEST)


@given(st.floats(-30_000, 30_000))
def test_codes_follow_the_contract(x):
    assert int(to_codes(x)) == contract(x)


@given(st.floats(-22_000, 22_000))
def test_codes_are_within_half_an_ulp_of_the_logarithm(x):
    with mpmath.workprec(200):
        exact = mpmath.mpf(x) / mpmath.log(2) * 65536
        assert abs(int(to_codes(x)) - exact) <= mpmath.mpf(0.5) + abs(exact) * mpmath.mpf(2) ** -51


def test_ties_go_to_even():
    # The product of the smallest binary64 above or at the tie decides; these are exact ties.
    halves = [value / 65536 / math.log2(math.e) for value in (0.5, 1.5, 2.5, -0.5, -1.5)]
    ties = [x for x in halves if (x * LOG2_E) * 65536 % 1 == 0.5]
    assert ties, "no exact tie among the candidates"
    for x in ties:
        assert int(to_codes(x)) % 2 == 0


@pytest.mark.parametrize("compiled", [True, False])
def test_special_values_and_saturation(monkeypatch, compiled):
    if not compiled:
        monkeypatch.setattr(convert, "quantise_each", convert.quantise_each.py_func)
    with np.errstate(over="ignore"):  # only the uncompiled one could warn
        codes, saturated = quantise([-np.inf, 0, 22_713, 22_714, -22_714, 1.7e308, -1.7e308])
    assert codes.tolist() == [ZERO, 0, contract(22_713.0), LARGEST, -LARGEST, LARGEST, -LARGEST]
    assert codes.dtype == np.int32
    assert saturated == 4


def test_long_doubles_saturate_like_all_finite_values():
    huge = np.longdouble(10) ** 400
    codes, saturated = quantise(np.array([-huge, huge, -np.inf, 1], np.longdouble))
    assert codes.tolist() == [-LARGEST, LARGEST, ZERO, contract(1.0)]
    assert saturated == 2


def test_the_largest_codes_are_not_saturated():
    ends = np.array([LARGEST, -LARGEST], np.int32)
    codes, saturated = quantise(from_codes(ends))
    assert (codes.tolist(), saturated) == (ends.tolist(), 0)


def test_shapes_and_kinds():
    assert to_codes(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    assert to_codes(-1).shape == ()
    assert to_codes([]).dtype == np.int32
    for kind in (np.int8, np.uint64, np.float16, np.float32, np.bool_):
        values = np.array([0, 1], dtype=kind)
        assert to_codes(values).tolist() == to_codes(values.astype(np.float64)).tolist()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, np.nan], "NaN at index 1; give a number"),
        ([[0, 1], [2, np.inf]], r"positive infinity at index \(1, 1\)"),
        (np.nan, "NaN at the only value"),
        ([1j], "must be real numbers, not complex128"),
        (["1"], "must be real numbers, not <U1"),
    ],
)
def test_refused(values, message):
    with pytest.raises(BadInput, match=message):
        to_codes(values)


def test_back_to_nats():
    codes = np.array([ZERO, -LARGEST, -65536, 0, 1, LARGEST], np.int32)
    nats = from_codes(codes)
    assert nats[0] == -np.inf
    for code, value in zip(codes[1:].tolist(), nats[1:].tolist(), strict=True):
        assert value == float(
            Fraction(code, 65536) * Fraction(float.fromhex("0x1.62e42fefa39efp-1"))
        )
    assert from_codes(0).shape == ()


@given(st.integers(-LARGEST, LARGEST))
def test_round_trip(code):
    assert int(to_codes(from_codes(code))) == code


def test_as_codes():
    same = np.array([1, 2], np.int32)
    assert as_codes(same) is same
    assert as_codes([]).dtype == np.int32
    assert as_codes(np.array([ZERO, LARGEST])).dtype == np.int32
    with pytest.raises(BadInput, match=r"codes must be integers .* not float64; to_codes"):
        as_codes([0.5])
    for value in (ZERO - 1, LARGEST + 1, 2**40):
        with pytest.raises(BadInput, match=f"codes at index 1: {value} is wider than 32 bits"):
            as_codes([0, value])
    with pytest.raises(BadInput, match="prior at index 0"):
        as_codes(np.array([2**31], np.uint64), "prior")
