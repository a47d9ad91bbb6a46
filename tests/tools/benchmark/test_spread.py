"""Statistics of samples against known values and the exact distribution."""

import numpy as np
import pytest
from scipy.stats import nct

from consilience_tools.benchmark.timing import Ratio, Spread, coefficient_limit


def test_spread_of_known_samples():
    spread = Spread.of([4.0, 1.0, 3.0, 2.0, 5.0])
    assert (spread.runs, spread.median, spread.least) == (5, 3, 1)
    assert (spread.lower_quartile, spread.upper_quartile) == (2, 4)
    assert spread.interquartile_range == 2
    assert spread.variation == pytest.approx(2.5**0.5 / 3)


def test_one_sample_has_no_spread_and_none_has_nothing():
    spread = Spread.of([2.0])
    assert (spread.median, spread.interquartile_range) == (2, 0)
    assert (spread.variation, spread.variation_limit) == (None, None)
    with pytest.raises(ValueError, match="no samples"):
        Spread.of([])


@pytest.mark.parametrize("runs", [5, 7, 30, 100])
@pytest.mark.parametrize("variation", [0.01, 0.1, 0.2])
def test_the_limit_is_that_of_the_exact_distribution(runs, variation):
    """sqrt(n) / K is noncentral t: of the limit's own samples 5 in 100 vary as little."""
    limit = coefficient_limit(variation, runs)
    assert limit > variation
    seen = nct.sf(runs**0.5 / variation, runs - 1, runs**0.5 / limit)
    assert seen == pytest.approx(0.05, abs=0.003)


def test_limits_worked_out_by_hand():
    # The 5 % quantile of chi-square with 29 degrees of freedom is 17.708.
    by_hand = 0.1 / (((17.708 + 2) / 30 - 1) * 0.01 + 17.708 / 29) ** 0.5
    assert coefficient_limit(0.1, 30) == pytest.approx(by_hand, rel=1e-4)
    assert coefficient_limit(0.1, 30, confidence=0.99) > coefficient_limit(0.1, 30)
    assert coefficient_limit(0.0, 30) == 0


def test_where_the_approximation_does_not_hold_there_is_no_limit():
    assert coefficient_limit(0.34, 30) is None
    assert coefficient_limit(0.33, 2) > 0.33


def test_the_limit_holds_for_samples():
    rng = np.random.default_rng(1)
    limits = [
        coefficient_limit(Spread.of(rng.normal(1, 0.1, 30).tolist()).variation, 30)
        for _ in range(500)
    ]
    assert 0.92 < np.mean(np.array(limits) > 0.1) < 0.98


def test_ratio_is_of_medians_and_its_quartiles_of_pairs():
    ratio = Ratio.of([1.0, 2.0, 4.0], [10.0, 40.0, 40.0])
    assert (ratio.median, ratio.rounds) == (20, 3)
    assert (ratio.lower_quartile, ratio.upper_quartile) == (10, 15)


@pytest.mark.parametrize("pair", [([], []), ([1.0], [1.0, 2.0])])
def test_no_pairs_no_ratio(pair):
    with pytest.raises(ValueError, match="no pairs"):
        Ratio.of(*pair)
