"""What a method says of runs: at which step each is flagged, at each level that was promised."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .judged_runs import JudgedRun

__all__ = ["Method", "Verdicts", "first_alarms", "nothing"]


class Verdicts(NamedTuple):
    """When runs were flagged.

    Parameters
    ----------
    first : (runs, levels) int64
        The step of the first alarm, 1 the first step; 0: none came.
    lacking : tuple of str or None
        For each level why no alarm can come; None where one can.
    """

    first: NDArray[np.int64]
    lacking: tuple[str | None, ...]


class Method(NamedTuple):
    """A way to flag runs while they go on.

    Parameters
    ----------
    name : str
    promise : str
        What is promised of solved runs, and what that needs.
    judge : callable
        (training runs, runs to judge, levels, seed) to `Verdicts`. What it says at a step depends
        on training runs and the steps of the run so far.
    """

    name: str
    promise: str
    judge: Callable[[Sequence[JudgedRun], Sequence[JudgedRun], Sequence[Fraction], int], Verdicts]


def first_alarms(alarms: Sequence[NDArray[np.bool_]]) -> NDArray[np.int64]:
    """Return for each run and level the first step that alarms.

    Parameters
    ----------
    alarms : sequence of (steps, levels) bool
        One array a run.
    """
    return np.array([np.where(one.any(axis=0), one.argmax(axis=0) + 1, 0) for one in alarms])


def nothing(runs: int, reasons: Sequence[str]) -> Verdicts:
    """Return verdicts without an alarm, with the reason for each level."""
    return Verdicts(np.zeros((runs, len(reasons)), np.int64), tuple(reasons))
