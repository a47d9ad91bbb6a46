"""A slice of the campaign: delays grow with the promise, and shrink with the share of bad runs."""

from fractions import Fraction

from tests.campaigns.delays.trials import delays_of

IDEAL = "above all good ones"


def test_delays():
    quick = delays_of(Fraction(1), 1.0, IDEAL, 12, 3)
    slow = delays_of(Fraction(1, 1000), 1.0, IDEAL, 12, 3)
    some = delays_of(Fraction(1), 0.5, IDEAL, 12, 3)
    assert 3 <= quick.quantile(0.5) <= 5
    assert quick.quantile(0.5) < slow.quantile(0.5) < 10
    assert quick.quantile(0.9) < some.quantile(0.9) < 40
