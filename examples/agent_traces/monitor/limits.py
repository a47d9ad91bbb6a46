"""Limits of what was counted: of shares, of means that are cut, of average run lengths."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, chi2, norm

__all__ = ["RunLength", "mean_limit", "share_limits"]

_SIDE = 0.05
"""One-sided, of 95 % limits."""


def share_limits(hits: int, trials: int) -> tuple[float, float]:
    """Return the lower and the upper 95 % limit of a share (Clopper-Pearson), each one-sided."""
    low = beta.ppf(_SIDE, hits, trials - hits + 1) if hits else 0.0
    high = beta.ppf(1.0 - _SIDE, hits + 1, trials - hits) if hits < trials else 1.0
    return float(low), float(high)


def mean_limit(values: NDArray[np.int64]) -> float:
    """Return the lower 95 % limit of a mean."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - norm.ppf(1.0 - _SIDE) * error)


@dataclass(frozen=True)
class RunLength:
    """Runs and alarms of agents that behave: first alarms, and what came before them.

    Parameters
    ----------
    runs : int
        All runs up to the first alarm of each stream, or to its end.
    alarms : int
    """

    runs: int
    alarms: int

    @property
    def mean(self) -> float:
        """The average run length, taken for exponential; infinite without an alarm."""
        return self.runs / self.alarms if self.alarms else float("inf")

    @property
    def limits(self) -> tuple[float, float]:
        """The lower and the upper 95 % limit of it, each one-sided."""
        low = 2.0 * self.runs / chi2.ppf(1.0 - _SIDE, 2 * self.alarms + 2)
        if not self.alarms:
            return float(low), float("inf")
        return float(low), float(2.0 * self.runs / chi2.ppf(_SIDE, 2 * self.alarms))

    def __add__(self, other: "RunLength") -> "RunLength":
        return RunLength(self.runs + other.runs, self.alarms + other.alarms)
