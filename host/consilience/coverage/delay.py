"""How soon the monitor alarms: the recurrence `restart` over a law of increments, in brackets.

The statistic is cut down, or up, to a grid of 1/16 bit after every observation, so that the chance
of an alarm is never above, or never below, that of the recurrence itself; in real numbers, so that
the integers, which lose less than 1 ulp an observation, are within it but for that.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.coverage.lowest_sum import SumLaw

__all__ = ["AlarmMoves", "alarm_moves"]

_GRID = 16
_FAR = 64.0
_LONGEST = 10_000
"""Observations of a mean delay; a longer one is told as none."""


class AlarmMoves(NamedTuple):
    """How the statistic moves from one place of the grid to another: cut down, and cut up.

    Places are log2(1 + 2^R) of the statistic R, from 0 on; what a row lacks to 1 alarms.
    """

    down: NDArray[np.float64]
    up: NDArray[np.float64]

    def within(self, observations: int) -> tuple[float, float]:
        """Return between what P(an alarm within so many observations) lies."""
        return _within(self.down, observations), _within(self.up, observations)

    def mean(self) -> tuple[float, float]:
        """Return between what the mean number of observations to the alarm lies, it included.

        Infinity where it is over 10,000.
        """
        return _mean(self.up), _mean(self.down)


def alarm_moves(law: SumLaw, unit: int, cost: int, threshold: int) -> AlarmMoves:
    """Return the moves of a monitor that knows nothing yet.

    Parameters
    ----------
    law : SumLaw
        Of ``low``, in units of `unit` ulp.
    unit : int
        k in ulp.
    cost : int
        In ulp: the increment is ``low k - cost``.
    threshold : int
        A in ulp.
    """
    values = ((law.first + np.arange(len(law.shares))) * unit - cost) / 65536
    bits, shares = threshold / 65536, law.shares
    far = values < -bits - _FAR  # from any place all of these lead to the same one
    if far.any():
        values = np.concatenate([[-bits - _FAR], values[~far]])
        shares = np.concatenate([[shares[far].sum()], shares[~far]])
    return AlarmMoves(*(_moves(values, shares, bits, up) for up in (False, True)))


def _moves(
    values: NDArray[np.float64], shares: NDArray[np.float64], threshold: float, up: bool
) -> NDArray[np.float64]:
    """Return P(from one place of the grid to another), (places, places)."""
    places = int(np.ceil((threshold + 1) * _GRID)) + 2
    found = np.zeros((places, places))
    for place in range(places):
        statistic = place / _GRID + values
        stays = statistic < threshold
        before = np.logaddexp2(0.0, statistic[stays]) * _GRID
        to = (np.ceil(before) if up else np.floor(before)).astype(np.int64)
        found[place] = np.bincount(to, shares[stays], minlength=places)[:places]
    return found


def _within(moves: NDArray[np.float64], observations: int) -> float:
    left = np.zeros(len(moves))
    left[0] = 1.0
    for _ in range(min(observations, _LONGEST)):
        left = left @ moves
    return float(np.clip(1.0 - left.sum(), 0.0, 1.0))


def _mean(moves: NDArray[np.float64]) -> float:
    """Return the mean number of observations to the alarm: (1 - moves)^-1 1, from the first."""
    try:
        found = float(np.linalg.solve(np.eye(len(moves)) - moves, np.ones(len(moves)))[0])
    except np.linalg.LinAlgError:
        return float("inf")
    return found if 1.0 - 1e-9 <= found <= _LONGEST else float("inf")
