"""Decisions of each rule on many trials: 1 above zero, -1 below, 0 neither."""

import numpy as np
from numpy.typing import NDArray

from consilience.robust.robust_counts import BIN_VALUES

from .krum import krum
from .reports import Reports

__all__ = ["krum_signs", "median_signs", "sum_signs", "told"]

Int64 = NDArray[np.int64]


def told(liars: int, reporters: int) -> int:
    """Return f as the robust rules are told it: the number of liars, as far as n > 3 f allows."""
    return min(liars, (reporters - 1) // 3)


def sum_signs(reports: Reports, unit: int | None = None) -> Int64:
    """Return the signs of the plain sums, or with a unit k of the sums of clipped ratios."""
    if unit is None:
        return np.sign(reports.total())
    return np.sign(reports.histograms(unit) @ BIN_VALUES)


def median_signs(reports: Reports) -> Int64:
    """Return the signs of the medians, of an even number the mean of the middle two."""
    n = reports.reporters
    return np.sign(reports.ranked((n - 1) // 2) + reports.ranked(n // 2))


def krum_signs(reports: Reports, liars: int, trials: int) -> Int64:
    """Return the signs of what Krum chooses in the first `trials` trials.

    It is told the number of liars, as far as n >= 2 f + 3 allows.
    """
    faulty = min(liars, (reports.reporters - 3) // 2)
    return np.sign([krum(reports.ascending(trial), faulty) for trial in range(trials)])
