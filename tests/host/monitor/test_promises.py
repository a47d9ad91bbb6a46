"""Thresholds and weights against whole powers, and what no promise can be made of."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.errors import BadInput
from consilience.monitor.promises import (
    arl_for,
    checked_weights,
    equal_weights,
    exact_number,
    threshold_for,
)
from consilience.monitor.settings import monitor_settings
from consilience_hw.spec.monitor_format import MonitorMode
from consilience_sim.golden.promises import least_code, weights_fit

RESTART, ONCE = MonitorMode.RESTART, MonitorMode.ONCE


@settings(max_examples=25, deadline=None)
@given(st.builds(Fraction, st.integers(1, 10**6), st.integers(1, 10**6)))
def test_a_threshold_is_the_least_code(number):
    if number > 1:
        assert threshold_for(RESTART, arl=number) == least_code(number)
    if number < 1:
        assert threshold_for(ONCE, false_alarm=number) == least_code(1 / number)


@pytest.mark.parametrize(("arl", "bits"), [(1024, 10), ("1e6", None), (2, 1), (2**40, 40)])
def test_whole_bits_are_whole(arl, bits):
    code = threshold_for(RESTART, arl=arl)
    assert code == (65536 * bits if bits else least_code(Fraction(10**6)))


def test_numbers_are_taken_as_they_are_written():
    tenth = Fraction(1, 10)
    assert [exact_number(one, "x") for one in (0.1, "0.1", "1/10", "1e-1", tenth)] == [tenth] * 5
    assert threshold_for(ONCE, false_alarm="1e-400") > threshold_for(ONCE, false_alarm="1e-300")


def test_one_false_alarm_a_day_of_a_large_fleet_is_26_and_a_half_bits():
    code = threshold_for(RESTART, arl=arl_for(1, 10**6, 100))
    assert 26.5 < code / 65536 < 26.6


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-8 * 65536, 0), min_size=1, max_size=16))
def test_weights_pass_if_their_shares_rounded_up_do(weights):
    if weights_fit(weights):
        assert checked_weights(weights) == tuple(weights)
    else:
        with pytest.raises(BadInput, match="above 1"):
            checked_weights(weights)


@pytest.mark.parametrize("weights", [[0, -24 * 65536], [-65536, -65536, -30 * 65536]])
def test_a_share_however_small_counts(weights):
    assert checked_weights(weights[:-1]) == tuple(weights[:-1])
    with pytest.raises(BadInput, match="above 1"):
        checked_weights(weights)


@pytest.mark.parametrize("count", range(1, 17))
def test_equal_weights_are_the_largest_that_pass(count):
    weights = equal_weights(count)
    assert checked_weights(weights) == weights and weights_fit(weights)
    with pytest.raises(BadInput):
        checked_weights([one + 1 for one in weights])


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({}, "one of arl, false_alarm and threshold, not none"),
        ({"arl": 5, "threshold": 9}, "not arl and threshold"),
        ({"arl": 1}, "above 1"),
        ({"arl": "nan"}, "not finite"),
        ({"arl": "many"}, "no number"),
        ({"arl": "1/0"}, "no number"),
        ({"arl": True}, "no number"),
        ({"arl": "1e9900"}, "more than 1000 digits"),
        ({"false_alarm": "1/100"}, "mode spread"),
        ({"arl": 9, "mode": "once"}, "promises no ARL"),
        ({"false_alarm": 1, "mode": "once"}, "between 0 and 1"),
        ({"threshold": 0}, "a code from 1"),
        ({"threshold": 10.9}, "no integer"),
        ({"arl": 9, "weights": [-65536.9]}, "no integer"),
        ({"arl": 9, "enrolled": 200.5}, "no integer"),
        ({"threshold": 1 << 31}, "a code from 1"),
        ({"arl": 9, "components": 17}, "1 to 16"),
        ({"arl": 9, "weights": [0], "components": 2}, "1 weights for 2 components"),
        ({"arl": 9, "weights": [1]}, "at most 0"),
        ({"arl": 9, "weights": [-(2**31)]}, "not log of zero"),
        ({"arl": 9, "weights": []}, "1 to 16 components"),
        ({"arl": 9, "mode": "slow"}, "none of restart, cusum, once, spread"),
        ({"arl": 9, "policy": "x"}, "none of latch, renew, recalibrate"),
        ({"arl": 9, "enrolled": 0}, "1 or more"),
    ],
)
def test_refusals_name_the_cure(chosen, words):
    with pytest.raises(BadInput, match=words):
        monitor_settings(**chosen)
