"""How much one run can say against its agent, and how many an alarm takes at least."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings

__all__ = ["MostEvidence", "most_evidence"]

_BATCH = 16
_MOST_RUNS = 1 << 12


class MostEvidence(NamedTuple):
    """The most that runs can say.

    Parameters
    ----------
    bits : float
        Of the first run that is judged, by the bet that pays most, before the bet's share.
    runs : int or None
        Runs to an alarm from the start, if each of them says the most; None: over 4,096.
    """

    bits: float
    runs: int | None


def most_evidence(settings: MonitorSettings, best: Callable[[int], Sequence[int]]) -> MostEvidence:
    """Return the most that runs can say, by letting a monitor of its own see them.

    Parameters
    ----------
    settings : MonitorSettings
    best : callable
        Gives the largest increments of a run, one a bet: of run 0, the first that is judged, 1, ..
    """
    monitor = Monitor(replace(settings, enrolled=None))
    for first in range(0, _MOST_RUNS, _BATCH):
        increments = [best(first + run) for run in range(_BATCH)]
        found = monitor.update([0] * _BATCH, increments).alarms
        if len(found):
            return MostEvidence(max(best(0)) / 65536, first + int(found[0]) + 1)
    return MostEvidence(max(best(0)) / 65536, None)
