"""Directed conversion: against the golden model and mpmath, at borders, and at the ends."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.errors import BadInput
from consilience.numbers import directed
from consilience.numbers.convert import from_codes, quantise, to_codes
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.directed import code_above, code_below

ZERO, LARGEST = Q16_16.log_of_zero, Q16_16.max_code
SMALLEST = 5e-324
codes = st.integers(-LARGEST, LARGEST)


@given(st.floats(-22_712, 22_712) | st.floats(-1e-3, 1e-3))
def test_codes_enclose_the_logarithm(x):
    down, up = int(to_codes(x, "down")), int(to_codes(x, "up"))
    with mpmath.workprec(400):
        exact = mpmath.mpf(x) / mpmath.log(2) * 65536
        assert down == mpmath.floor(exact) and up == mpmath.ceil(exact)
    assert (down, up) == (code_below(Fraction(x)), code_above(Fraction(x)))
    assert down <= int(to_codes(x)) <= up


@given(codes, st.integers(-3, 3))
def test_what_binary64_cannot_decide_is_decided(code, steps):
    """The binary64 next to a code, and its neighbours: closer than a product in binary64 sees."""
    x = float(from_codes(code))
    for _ in range(abs(steps)):
        x = float(np.nextafter(x, np.copysign(np.inf, steps)))
    assert int(to_codes(x, "down")) == code_below(Fraction(x))
    if code < LARGEST - 10:
        assert int(to_codes(x, "up")) == code_above(Fraction(x))


def test_both_sides_of_a_border_are_met():
    nats = from_codes(np.arange(-40_000_000, 40_000_000, 20_011))
    exact = np.arange(-40_000_000, 40_000_000, 20_011)
    below = to_codes(nats, "down") - exact
    assert set(below.tolist()) == {-1, 0} and 0.4 < (below == 0).mean() < 0.6
    assert (to_codes(nats, "up") - to_codes(nats, "down") == (nats != 0)).all()


def test_the_least_numbers_are_not_zero():
    assert to_codes([SMALLEST, 0.0, -0.0, -SMALLEST], "down").tolist() == [0, 0, 0, -1]
    assert to_codes([SMALLEST, 0.0, -0.0, -SMALLEST], "up").tolist() == [1, 0, 0, 0]


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no wide long double here")
def test_long_doubles_are_not_rounded_first():
    tiny = np.longdouble(2) ** -16_000
    assert to_codes(np.array([tiny, -tiny]), "down").tolist() == [0, -1]
    # Just above a code, by less than binary64 can say of it.
    for code in (3, 1_000_003, -777):
        with mpmath.workprec(200):
            exact = mpmath.mpf(code) * mpmath.log(2) / 65536
            high = np.longdouble(float(exact))
            near = high + np.longdouble(float(exact - mpmath.mpf(float(exact))))
        ends = [near, np.nextafter(near, np.longdouble(-1e9)), np.nextafter(near, 1e9)]
        for x in ends:
            expected = code_below(Fraction(*map(int, x.as_integer_ratio())))
            assert int(to_codes(np.array([x]), "down")[0]) == expected


def test_ends():
    given_ = [-np.inf, -22_714.0, -1.7e308, 22_714.0, 1.7e308, 22_712.0]
    down = quantise(given_, "down")
    assert down.codes.tolist()[:5] == [ZERO, ZERO, ZERO, LARGEST, LARGEST]
    assert down.saturated == 4
    up = quantise([-np.inf, -22_714.0, -1.7e308], "up")
    assert up.codes.tolist() == [ZERO, -LARGEST, -LARGEST] and up.saturated == 2
    with pytest.raises(BadInput, match="index 1: no code is above it"):
        to_codes([0.0, 22_714.0], "up")


@given(st.integers(-2, 2))
def test_the_last_codes_are_not_saturated_and_the_next_are(steps):
    """Numbers around each end, a few of which lie between the last code and the next."""
    for code in (LARGEST, -LARGEST):
        x = float(from_codes(code)) * (1 + steps * 2.0**-33)
        codes, saturated = quantise(x, "down")
        with mpmath.workprec(400):
            whole = int(mpmath.floor(mpmath.mpf(x) / mpmath.log(2) * 65536))
        assert int(codes) == code_below(Fraction(x))
        assert saturated == (abs(whole) > LARGEST)


def test_kinds_and_shapes():
    for kind in (np.int8, np.int64, np.float16, np.float32, np.bool_):
        values = np.array([[0, 1], [1, 0]], kind)
        for way in ("down", "up"):
            assert to_codes(values, way).tolist() == to_codes(values.astype(float), way).tolist()
    assert to_codes(np.uint64(2), "up") == to_codes(2.0, "up")
    assert to_codes(np.zeros((2, 0)), "down").shape == (2, 0)
    assert to_codes(-1.0, "down").shape == () and to_codes(-1.0, "down").dtype == np.int32


@pytest.mark.parametrize(
    ("values", "way", "message"),
    [
        ([0, np.nan], "down", "NaN at index 1"),
        ([0, np.inf], "up", "positive infinity at index 1"),
        (["1"], "up", "must be real numbers"),
        ([0.0], "zero", "none of nearest, down, up"),
    ],
)
def test_refused(values, way, message):
    with pytest.raises(BadInput, match=message):
        to_codes(values, way)


@pytest.mark.parametrize("precision", [128, 256, 1_024])
def test_ln_2_is_enclosed(precision):
    low, high = directed._ln_2(precision)
    with mpmath.workprec(1_200):
        assert low < mpmath.log(2) * mpmath.mpf(2) ** precision < high
    assert high - low < precision


@pytest.mark.parametrize("code", [1, -3, 1_000_003])
@pytest.mark.parametrize("bits", [120, 200, 500])
def test_numbers_that_take_more_digits_are_decided(code, bits):
    with mpmath.workprec(1_200):
        near = int(mpmath.floor(code * mpmath.log(2) * mpmath.mpf(2) ** bits))
    scale = 65536 << bits
    assert directed._floor(near, scale) == code - 1
    assert directed._floor(near + 1, scale) == code


def test_integers_are_ratios_of_one():
    assert directed._ratio(np.uint64(2**64 - 1)) == (2**64 - 1, 1)
    assert directed._ratio(np.float32(-0.75)) == (-3, 4)
