"""What repeated measurements say: median, spread, coefficient of variation, ratio."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

__all__ = ["Ratio", "Spread", "coefficient_limit"]

_LARGEST_COEFFICIENT = 1 / 3
"""Above it the approximation of the limit is not to be relied on."""


@dataclass(frozen=True)
class Spread:
    """Statistics of independent samples, in their unit.

    Parameters
    ----------
    runs : int
        How many samples.
    median, lower_quartile, upper_quartile, least : float
    variation : float or None
        Coefficient of variation: standard deviation (n - 1) by mean; None of one sample.
    variation_limit : float or None
        Its 95 % upper limit, see `coefficient_limit`.
    """

    runs: int
    median: float
    lower_quartile: float
    upper_quartile: float
    least: float
    variation: float | None
    variation_limit: float | None

    @property
    def interquartile_range(self) -> float:
        """Upper less lower quartile: the middle half of the samples is as wide."""
        return self.upper_quartile - self.lower_quartile

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Spread":
        """Return the statistics of positive samples; ValueError if there is none."""
        if not samples:
            raise ValueError("no samples: there is nothing to say of their spread")
        lower, median, upper = np.percentile(samples, [25, 50, 75])
        variation = None
        if len(samples) > 1:
            variation = float(np.std(samples, ddof=1) / np.mean(samples))
        return cls(
            runs=len(samples),
            median=float(median),
            lower_quartile=float(lower),
            upper_quartile=float(upper),
            least=float(min(samples)),
            variation=variation,
            variation_limit=None
            if variation is None
            else coefficient_limit(variation, len(samples)),
        )


def coefficient_limit(variation: float, runs: int, confidence: float = 0.95) -> float | None:
    """Return the upper limit of a coefficient of variation, one-sided.

    By Vangel's modification of McKay's approximation (The American Statistician 50 (1996), 21-26),
    for samples of a normal distribution::

        K / sqrt(((u + 2) / n - 1) K**2 + u / (n - 1)),   u = 5 % quantile of chi2 with n - 1

    Parameters
    ----------
    variation : float
        K, of the samples.
    runs : int
        n, at least 2.
    confidence : float
        That the true coefficient is below the limit.

    Returns
    -------
    float or None
        None where the approximation does not hold: K above 1/3.
    """
    if variation > _LARGEST_COEFFICIENT:
        return None
    freedom = runs - 1
    quantile = float(chi2.ppf(1 - confidence, freedom))
    square = ((quantile + 2) / runs - 1) * variation**2 + quantile / freedom
    return float(variation / square**0.5)


@dataclass(frozen=True)
class Ratio:
    """How many times faster one is than another, of samples taken side by side.

    Parameters
    ----------
    median : float
        Median of the other's seconds by the median of its own, over the rounds that have both.
    lower_quartile, upper_quartile : float
        Of the ratios within each such round.
    rounds : int
        How many rounds have both.
    """

    median: float
    lower_quartile: float
    upper_quartile: float
    rounds: int

    @classmethod
    def of(cls, own: Sequence[float], other: Sequence[float]) -> "Ratio":
        """Return the ratio of paired samples: place k of both is of one round."""
        if len(own) != len(other) or not own:
            raise ValueError(f"{len(own)} and {len(other)} samples are no pairs")
        pairs = np.asarray(other) / np.asarray(own)
        lower, upper = np.percentile(pairs, [25, 75])
        return cls(
            median=float(np.median(other) / np.median(own)),
            lower_quartile=float(lower),
            upper_quartile=float(upper),
            rounds=len(own),
        )
