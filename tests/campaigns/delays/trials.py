"""How many runs an alarm takes: agents that turn bad, by the monitor as it is."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

import consilience as cs
from consilience.monitor.promises import arl_for

__all__ = ["AGENTS", "BAD_SCORES", "GOOD_RUNS", "MOST", "RUNS_PER_DAY", "Delays", "delays_of"]

AGENTS, RUNS_PER_DAY = 40, 144
"""Of the fleet whose promise it is."""
GOOD_RUNS = 200
"""Of each agent before it turns bad, the first hundred of which are not judged."""
MOST = 1_000
"""Runs after which nobody waits any more."""
BAD_SCORES = {"above all good ones": (1.0, 2.0), "above 95 % of good ones": (0.95, 1.0)}
"""Of a bad run, drawn between two numbers; those of good runs between 0 and 1."""

_UNIT = 1 << 40


@dataclass(frozen=True)
class Delays:
    """Runs from the first that may be bad to the alarm, of agents drawn alike.

    Parameters
    ----------
    per_day : Fraction
        False alarms a day that are promised for the fleet.
    share : float
        Probability of a run to be bad.
    scores : str
        A key of `BAD_SCORES`.
    runs : int64 array, sorted
        ``MOST + 1`` where no alarm came.
    """

    per_day: Fraction
    share: float
    scores: str
    runs: npt.NDArray[np.int64]

    def quantile(self, share: float) -> int | None:
        """Return the runs within which this share of the agents alarmed; None if it did not."""
        runs = int(self.runs[math.ceil(share * len(self.runs)) - 1])
        return None if runs > MOST else runs


def delays_of(per_day: Fraction, share: float, scores: str, trials: int, seed: int) -> Delays:
    """Let agents turn bad, each by itself, until it alarms; ranks and bets are the real ones."""
    draw = np.random.default_rng(seed)
    low, high = BAD_SCORES[scores]
    ranks = cs.ConformalRanks(seed=seed)
    runs = np.full(trials, MOST + 1)
    waiting = np.arange(trials)
    with cs.open("cpu").monitor(arl=arl_for(per_day, AGENTS, RUNS_PER_DAY)) as monitor:
        for number in range(-GOOD_RUNS, MOST):
            bad = (draw.random(len(waiting)) < share) & (number >= 0)
            good = draw.random(len(waiting))
            drawn = np.where(bad, draw.uniform(low, high, len(waiting)), good)
            names = np.full(len(waiting), number)
            increments, ready = ranks.increments(waiting, names, (drawn * _UNIT).astype(np.int64))
            if not ready.any():
                continue
            _, alarms = monitor.update(waiting[ready], increments[ready])
            ended = waiting[ready][np.asarray(alarms, np.int64)]
            # A false alarm before the change is another experiment's: the agent is left out.
            runs[ended] = number + 1 if number >= 0 else -1
            waiting = waiting[~np.isin(waiting, ended)]
            if not len(waiting):
                break
    return Delays(per_day, share, scores, np.sort(runs[runs >= 0]))
