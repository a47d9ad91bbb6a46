"""e-BH: which agents of a fleet to name, so that few of those named do behave."""

from fractions import Fraction
from math import log2

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.kernels.monitor_kernels import SINCE_SCHEDULED
from consilience.monitor.promises import Exact, exact_number
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.statistics import statistics_of
from consilience.numbers.arrays import Codes
from consilience.numbers.exact_logarithms import ceil_log2
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import MonitorMode

__all__ = ["named_agents"]

_ZERO = Q16_16.log_of_zero
_DOUBT = 1e-4
"""Codes: far more than a border in binary64 is wrong by; nearer ones are decided exactly."""


def named_agents(
    settings: MonitorSettings, states: NDArray[np.int64], weights: Codes, alpha: Exact
) -> NDArray[np.int64]:
    """Return the rows of the agents that e-BH names at level alpha, ascending; see `Monitor.fleet`.

    k* is the largest k with T_(k) >= c_k, c_k the least code with ``2**(c / 65536) * k * alpha``
    at least N; all with T >= T_(k*) are named. In mode RESTART T is less ``ceil(65536 log2 m)``.
    """
    if settings.mode is MonitorMode.CUSUM:
        raise BadInput("a fleet's reading needs e-values: mode restart, once or spread, not cusum")
    if settings.enrolled is None:
        raise BadInput(
            "a fleet's reading needs enrolled: the number of all agents, fixed beforehand, with "
            "those that have not been heard"
        )
    level = exact_number(alpha, "alpha")
    if not 0 < level < 1:
        raise BadInput(f"alpha {alpha}: a share between 0 and 1, as 1/100")
    fleet = settings.enrolled / level
    statistics = statistics_of(states, weights)
    # No border is below that of all agents: most are done with here.
    least = max(_border(fleet, len(states)), _ZERO + 1) if len(states) else 0
    rows = np.flatnonzero(statistics >= least)
    values = statistics[rows].astype(np.int64)
    if settings.mode is MonitorMode.RESTART:
        counts, places = np.unique(states[rows, SINCE_SCHEDULED], return_inverse=True)
        # None is 0: without an observation T is the log of zero, below any border.
        values -= np.array([ceil_log2(int(one)) for one in counts], np.int64)[places]
    falling = -np.sort(-values)
    count = _named(falling, fleet)
    return rows[values >= falling[count - 1]] if count else rows[:0]


def _border(fleet: Fraction, k: int) -> int:
    """Return c_k, given N / alpha."""
    return ceil_log2(fleet.numerator, fleet.denominator * k)


def _named(falling: NDArray[np.int64], fleet: Fraction) -> int:
    """Return k*; 0 if none. Borders that are near are decided in integers."""
    ranks = np.arange(1, len(falling) + 1)
    border = log2(fleet.numerator) - log2(fleet.denominator) - np.log2(ranks)
    above = falling - 65536 * border
    certain = np.flatnonzero((above > _DOUBT) & (falling > _ZERO))
    best = int(certain[-1]) + 1 if len(certain) else 0
    for place in np.flatnonzero(abs(above) <= _DOUBT)[::-1].tolist():
        if place + 1 > best and falling[place] >= _border(fleet, place + 1):
            return int(place) + 1
    return best
