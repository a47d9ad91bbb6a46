"""Upper limits of counted shares: exactly the least, against whole numbers and their promise."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.monitor import binomial_limits
from consilience.monitor.binomial_limits import SCALE, BinomialTails, upper_limit
from consilience_sim.golden.frozen import frozen_limits

shares = st.integers(1, SCALE - 1) | st.sampled_from([1, 2, SCALE // 2, SCALE - 1])


def tail(trials, hits, share):
    chance = Fraction(share, SCALE)
    return sum(comb(trials, i) * chance**i * (1 - chance) ** (trials - i) for i in range(hits + 1))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.data())
def test_tails_are_compared_exactly(trials, data):
    hits, share = data.draw(st.integers(0, trials - 1)), data.draw(shares)
    exact = tail(trials, hits, share)
    tails = BinomialTails(trials, [hits])
    near = Fraction(int(exact * 10**40) + data.draw(st.integers(-1, 1)), 10**40)
    if near != exact:  # see below
        assert tails.is_at_most(hits, share, near) == (exact <= near)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.data(), st.integers(2, 10**6))
def test_limits_are_those_of_the_golden_model(trials, data, part):
    hits = data.draw(st.integers(0, trials - 1))
    delta = Fraction(2, part + 2)
    found = upper_limit(BinomialTails(trials, [hits]), hits, trials, delta / 2)
    assert found == frozen_limits([trials - hits, hits], delta)[1]


@pytest.mark.parametrize("wrong", [-3_000, -2, -1, 1, 2, 3_000])
def test_a_wrong_guess_is_moved(monkeypatch, wrong):
    tails, beyond = BinomialTails(5_000, [70]), Fraction(1, 640)
    right = upper_limit(tails, 70, 5_000, beyond)
    monkeypatch.setattr(binomial_limits, "_guess", lambda *_: right + wrong)
    assert upper_limit(tails, 70, 5_000, beyond) == right


def test_ends_of_hits_and_shares():
    tails, nearly = BinomialTails(5, [0, 4, 5]), Fraction(99, 100)
    assert not tails.is_at_most(5, SCALE // 2, nearly) and not tails.is_at_most(5, SCALE, nearly)
    assert not tails.is_at_most(4, 0, nearly) and tails.is_at_most(4, SCALE, 1 - nearly)
    assert tails.is_at_most(5, SCALE // 2, Fraction(1))
    assert upper_limit(tails, 5, 5, nearly) == SCALE


def test_bounds_beyond_binary64():
    tails, beyond = BinomialTails(50, [0, 10]), Fraction(1, 10**400)
    for hits in (0, 10):
        found = upper_limit(tails, hits, 50, beyond)
        assert tail(50, hits, found) <= beyond < tail(50, hits, found - 1)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_limit_is_below_the_truth_as_rarely_as_it_promises(share):
    trials, beyond, truth = 60, Fraction(1, 20), int(share * SCALE)
    tails = BinomialTails(trials, range(trials + 1))
    limits = [upper_limit(tails, hits, trials, beyond) for hits in range(trials + 1)]
    assert limits == sorted(limits)
    missed = [hits for hits, limit in enumerate(limits) if limit < truth]
    chance = tail(trials, max(missed), truth) if missed else 0
    assert chance <= beyond
    assert share < 0.1 or chance > beyond / 5  # and not for nothing


def test_what_no_precision_decides_is_said():
    assert tail(3, 1, SCALE // 2) == Fraction(1, 2)
    with pytest.raises(ArithmeticError, match="too near"):
        BinomialTails(3, [1]).is_at_most(1, SCALE // 2, Fraction(1, 2))
