"""How suspect a run is after each step: integers that never fall, so that no alarm is taken back.

Each is a sum over the steps so far of a power of the doubt, 1 - score, or its largest. A run that
the judge doubts, and one that takes long, is suspect.
"""

from collections.abc import Callable, Sequence
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .judged_runs import ONE

__all__ = ["DOUBT", "LOWEST", "STATISTICS", "Statistic"]

Integers = NDArray[np.int64]


class Statistic(NamedTuple):
    """A way to say how suspect a run is.

    Parameters
    ----------
    name : str
    of_step : callable
        Doubt of a step, 0 .. 65536, to what the step brings, 0 .. 65536.
    summed : bool
        The sum over steps; else the largest.
    """

    name: str
    of_step: Callable[[int], int]
    summed: bool = True

    def running(self, codes: Sequence[int]) -> Integers:
        """Return the suspicion after each step, in 65536ths; from codes of its score and the
        earlier ones alone."""
        steps = np.array([self.of_step(ONE - code) for code in codes], np.int64)
        return np.cumsum(steps) if self.summed else np.maximum.accumulate(steps)


LOWEST = Statistic("lowest score so far", lambda doubt: doubt, summed=False)
DOUBT = Statistic("sum of doubt", lambda doubt: doubt)
STATISTICS = (
    LOWEST,
    DOUBT,
    Statistic("sum of squared doubt", lambda doubt: doubt * doubt >> 16),
    Statistic("sum of the root of doubt", lambda doubt: isqrt(doubt << 16)),
    Statistic("number of steps", lambda doubt: ONE),
)
"""What is chosen from, among training runs."""
