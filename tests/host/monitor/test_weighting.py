"""Increments that count in part, by the contract's words; and that the promise needs them so."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.errors import BadInput
from consilience.monitor.weighting import weighted_increments

ZERO = -(2**31)
codes = st.integers(ZERO + 1, 2**31 - 1) | st.sampled_from([ZERO, 0, 1, -1])
weights = st.integers(0, 65536) | st.sampled_from([0, 1, 65535, 65536])


@given(codes, weights)
def test_a_weight_that_was_known_scales_and_rounds_down(x, w):
    expected = floor(Fraction(w * x, 65536))
    if x == ZERO:
        expected = ZERO if w else 0
    assert weighted_increments([x], [w], known_before=True).tolist() == [expected]


@given(codes, weights)
def test_a_weight_that_may_depend_on_the_observation_never_helps_an_alarm(x, w):
    expected = x if x < 0 else floor(Fraction(w * x, 65536))
    assert weighted_increments([x], w).tolist() == [expected] and expected <= x


def test_rows_have_their_weights_whatever_the_number_of_bets():
    x = np.array([[65536, -65536, ZERO]] * 2)
    found = weighted_increments(x, [0, 32768], known_before=True)
    assert found.tolist() == [[0, 0, 0], [32768, -32768, ZERO]]
    assert found.dtype == np.int32


def test_a_small_weight_for_bad_news_alone_would_break_the_promise():
    """A fair coin pays 1.5 or 0.5; with weight 0 for what it loses the mean is 1.25."""
    bet = np.array([int(65536 * np.log2(1.5)), -65536])  # mean of 2**x is 1
    careless = weighted_increments(bet, [65536, 0], known_before=True)
    careful = weighted_increments(bet, [65536, 0])
    assert (2.0 ** (careless / 65536)).mean() > 1.2
    assert (2.0 ** (careful / 65536)).mean() <= 1


@pytest.mark.parametrize("weight", [-1, 65537, [1, 2], 0.5, [[1]]])
def test_other_weights_are_refused(weight):
    with pytest.raises(BadInput, match="weight"):
        weighted_increments([5], weight)
