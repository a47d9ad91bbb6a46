"""Agents that behave, ranked and watched as `consilience monitor` does: how many of them alarm."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.conformal_ranks import ConformalRanks
from consilience.validate.bench import CPU, Bench
from consilience.validate.finding import Finding
from consilience.validate.statistics import upper_share

__all__ = ["ARL", "HISTORY", "JUDGED", "alarms_of"]

HISTORY, JUDGED = 50, 40
"""Runs of an agent that are its history, and that are judged."""
ARL = 128
_BEYOND = Fraction(1, 100)


def alarms_of(
    bench: Bench, ran: str, agents: int, seed: int, scores: Callable[[int], NDArray[np.int64]]
) -> Finding:
    """Return how many agents alarm within `JUDGED` runs, which JUDGED / ARL may (M2).

    Parameters
    ----------
    bench : Bench
    ran : str
        Whose runs they are.
    agents, seed : int
    scores : callable
        Takes the number of a run and returns its score of each agent.
    """
    ranks, names = ConformalRanks(n0=HISTORY, seed=seed), np.arange(agents)
    monitor, alarmed = bench.device(CPU).monitor(arl=ARL), np.zeros(agents, np.bool_)
    for run in bench.steps(HISTORY + JUDGED):
        increments, ready = ranks.increments(names, np.full(agents, run), scores(run))
        if ready.all():
            alarmed[monitor.update(names, increments).alarms] = True
    hits = int(alarmed.sum())
    high, allowed = upper_share(hits, agents, _BEYOND), Fraction(JUDGED, ARL)
    return Finding(
        ran,
        agents,
        int(high > allowed),
        worst=f"{hits:,} alarmed, a share of at most {float(high):.5f}",
        bound=f"the upper limit at most {JUDGED}/{ARL} = {float(allowed):.5f}",
        interval="99 %, one-sided, Clopper-Pearson in integers",
    )
