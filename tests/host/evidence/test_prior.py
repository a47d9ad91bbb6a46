"""The prior as written on the command line."""

import pytest

from consilience.errors import BadInput
from consilience.evidence.prior import check_prior, parse_prior

NAMES = ("benign", "hijacked")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, (0.5, 0.5)),
        ("0.9,0.1", (0.9, 0.1)),
        (" 3 , 1 ", (0.75, 0.25)),
        ("0,5", (0.0, 1.0)),
        ("benign=3,hijacked=1", (0.75, 0.25)),
        ("hijacked = 1, benign = 3", (0.75, 0.25)),
    ],
)
def test_prior_is_scaled_to_one(text, expected):
    assert parse_prior(text, NAMES) == pytest.approx(expected)


def test_name_with_an_equals_sign():
    assert parse_prior("a=b=3,c=1", ("c", "a=b")) == (0.25, 0.75)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.9", "1 values for 2 hypotheses; give one each for benign, hijacked"),
        ("0.9,0.05,0.05", "3 values for 2"),
        ("", "1 values for 2"),
        ("0.9,x", "--prior for 'hijacked' is 'x'"),
        ("0.9,", "--prior for 'hijacked' is ''"),
        ("-0.1,1.1", "--prior for 'benign' is '-0.1'"),
        ("nan,1", "is 'nan'"),
        ("inf,1", "is 'inf'"),
        ("0,0", "sums to 0 and cannot be normalised"),
        ("1e308,1e308", "sums to inf and cannot be normalised"),
        ("benign=0.9,0.1", "mixes names and bare numbers at '0.1'"),
        ("benign=0.9,hijaked=0.1", "no hypothesis 'hijaked'; did you mean 'hijacked'?"),
        ("benign=0.9,other=0.1", "no hypothesis 'other'; the hypotheses are benign, hijacked"),
        ("benign=0.9,benign=0.1", "names 'benign' twice"),
        ("benign=0.9", "--prior lacks hijacked"),
        ("benign=0.9,hijacked=", "--prior for 'hijacked' is ''"),
    ],
)
def test_prior_that_cannot_be_right(text, message):
    with pytest.raises(BadInput) as caught:
        parse_prior(text, NAMES)
    assert message in str(caught.value)


def test_a_prior_that_vanishes_was_impossible():
    with pytest.raises(BadInput, match="below the smallest number; give 0"):
        parse_prior("1e-400,1", ("a", "b"))
    assert parse_prior("0e9,1", ("a", "b")) == (0.0, 1.0)


def test_a_prior_that_no_hypotheses_can_have_is_told_before_they_are_known():
    for text in (None, "0.9,0.1", "a=0.9, b=0.1"):
        check_prior(text)
    for text in ("", "0.9,", "foo", "a=0.9,b=-1"):
        with pytest.raises(BadInput, match="give a probability"):
            check_prior(text)
