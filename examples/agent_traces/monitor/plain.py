"""The same streams run by run and call by call through the plain interface, bit for bit."""

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience.errors import Mismatch

from .ranks import KAPPAS, Increments, keys_of, ranks_of
from .replicated import ARL, N0, Drawn
from .score import BINNING

__all__ = ["plain_statistics"]

Int = NDArray[np.int64]


def plain_statistics(drawn: Drawn, increments: Increments) -> Int:
    """Return T after every run behind the history, run by run through the plain interface.

    Returns
    -------
    (streams, runs) int64

    Raises
    ------
    Mismatch
        The ranks of all streams at once give other increments, or T while a run is open is above
        the one at its end.
    """
    scores = drawn.scores
    ranks = cs.ConformalRanks(KAPPAS, N0, seed=drawn.seed, binning=BINNING)
    at_once = ranks_of(scores, keys_of(drawn.agents, drawn.seed), N0)
    found = np.empty((len(scores), scores.shape[1] - N0), np.int64)
    later = scores.shape[1] - drawn.hijacked.shape[1]
    with cs.open("cpu").monitor(arl=ARL) as monitor:
        for stream, agent in enumerate(drawn.agents):
            for run, score in enumerate(scores[stream].tolist()):
                ranks.start(agent, run, run)
                before = _while_open(drawn, ranks, monitor, stream, agent, run, run - later)
                due = ranks.finish(agent, run, score, run)
                if run < N0:
                    continue
                expected = increments.of(at_once[run - N0, stream : stream + 1], run + 1)
                statistic = int(monitor.update(agent, due.increments).statistic[0])
                if (due.increments != expected).any() or statistic < before:
                    raise Mismatch(f"run {run} of {agent}: all at once and one by one differ")
                found[stream, run - N0] = statistic
    return found


def _while_open(
    drawn: Drawn,
    ranks: cs.ConformalRanks,
    monitor: cs.Monitor,
    stream: int,
    agent: str,
    run: int,
    later: int,
) -> int:
    """Return the highest T after the calls of a hijacked run; of others the least code."""
    highest = -(1 << 31)
    if later < 0:
        return highest
    position = int(drawn.hijacked[stream, later])
    calls = drawn.pipeline.calls[position, : drawn.pipeline.counts[position]]
    for score in calls.tolist():
        given = ranks.provisional(agent, run, score)
        assert given is not None, "no deadline, and behind the history"
        highest = max(highest, int(monitor.update(agent, given, commit=False).statistic[0]))
    return highest
