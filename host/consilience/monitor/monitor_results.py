"""What a monitor gives: results of a batch, and the state of an agent."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.numbers.arrays import Codes

__all__ = ["AgentState", "MonitorResults"]


class MonitorResults(NamedTuple):
    """What a batch of observations gave.

    Parameters
    ----------
    statistic : int32 array, shape (n,)
        T of the agent after each row and before a renewal; of a duplicate or refused one, as it is.
    alarms : int64 array, shape (m,)
        Rows that alarm, ascending.
    """

    statistic: Codes
    alarms: NDArray[np.int64]


class AgentState(NamedTuple):
    """The state of one agent.

    Parameters
    ----------
    statistic : int
        T, a code.
    components : tuple of int
        R_k.
    observations, since_scheduled : int
        Committed ones since the start or any renewal (t); or the last scheduled one (m).
    saturated, latched : bool
    highest : int or None
        Highest sequence number; None: none came.
    missing, late, duplicates, refused : int
        Numbers passed over; observations that came after a higher one, twice, or too late to tell.
    """

    statistic: int
    components: tuple[int, ...]
    observations: int
    since_scheduled: int
    saturated: bool
    latched: bool
    highest: int | None
    missing: int
    late: int
    duplicates: int
    refused: int
