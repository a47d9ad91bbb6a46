"""Limits in a few lines of our own, against SciPy's."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from consilience.validate import statistics


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 22, 101])
def test_quantiles_are_scipys(freedom):
    for probability in (0.6, 0.95, 0.995):
        found = statistics.student_quantile(probability, freedom)
        assert found == pytest.approx(stats.t.ppf(probability, freedom), rel=1e-9)
    for probability in (0.001, 0.05, 0.5, 0.99):
        found = statistics.chi_square_quantile(probability, freedom)
        assert found == pytest.approx(stats.chi2.ppf(probability, freedom), rel=1e-8)


@pytest.mark.parametrize(("hits", "trials"), [(0, 40), (3, 40), (40, 40), (1_634, 100_000)])
def test_limits_of_a_share_are_clopper_and_pearsons(hits, trials):
    limits = stats.binomtest(hits, trials).proportion_ci(0.98, "exact")
    found = statistics.lower_share(hits, trials, Fraction(1, 100))
    assert float(found) == pytest.approx(limits.low, abs=2**-31)
    found = statistics.upper_share(hits, trials, Fraction(1, 100))
    assert float(found) == pytest.approx(limits.high, abs=2**-31)


def test_a_slope_and_its_interval_are_those_of_linear_regression():
    rng = np.random.default_rng(3)
    sizes = [10, 100, 1_000, 20_000, 300_000]
    seconds = [2e-9 * n**1.3 * float(np.exp(rng.normal(0, 0.1))) for n in sizes]
    found = statistics.log_slope(sizes, seconds, 0.99)
    line = stats.linregress(np.log(sizes), np.log(seconds))
    half = stats.t.ppf(0.995, 3) * line.stderr
    assert found.exponent == pytest.approx(line.slope)
    assert (found.low, found.high) == pytest.approx((line.slope - half, line.slope + half))
    assert found.low < 1.3 < found.high


def test_the_limit_of_a_coefficient_of_variation_covers_it_as_often_as_it_says():
    rng = np.random.default_rng(4)
    samples = rng.normal(1, 0.1, (2_000, 20)).tolist()
    found = [statistics.variation(one) for one in samples]
    limits = [statistics.variation_limit(one, 20) for one in found]
    share = np.mean([limit >= 0.1 for limit in limits])
    assert 0.93 < share < 0.97
    assert statistics.variation_limit(0.5, 20) is None
