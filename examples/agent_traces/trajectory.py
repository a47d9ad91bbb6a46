"""A run's posterior as its evidence arrives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .evidence import Evidence
from .traces import Traces

__all__ = ["KINDS", "Trajectory", "choose_runs", "prefixes"]

KINDS = ("benign, passed", "benign, false alarm", "hijacked, found", "hijacked, missed")
SHORTEST, LONGEST = 4, 9


@dataclass(frozen=True)
class Trajectory:
    """The posterior of one run after each call.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    agent, suite : str
        Whose run it is.
    calls : tuple of str
        Names of the tools called, and "(end)".
    hijacked : (calls + 1,) float64
        Probability of hijacked before the first call and after each entry of `calls`.
    """

    kind: str
    agent: str
    suite: str
    calls: tuple[str, ...]
    hijacked: NDArray[np.float64]


def choose_runs(
    traces: Traces, runs: NDArray[np.int64], probability: NDArray[np.float64]
) -> list[tuple[str, int]]:
    """Return for each of `KINDS` the position in `runs` of the one nearest to typical.

    Of the runs of the kind with a length that can be drawn, the one whose probability is the
    median: a rule, so that the examples are not picked for their looks. A kind without a run is
    left out.
    """
    calls = traces.indptr[runs + 1] - traces.indptr[runs]
    drawable = (calls >= SHORTEST) & (calls <= LONGEST)
    chosen = []
    for kind in KINDS:
        label, verdict = kind.split(", ")
        alarmed = verdict in ("false alarm", "found")
        members = np.flatnonzero(
            drawable & (traces.label[runs] == label) & ((probability > 0.5) == alarmed)
        )
        if len(members):
            ranked = members[np.argsort(probability[members], kind="stable")]
            chosen.append((kind, int(ranked[len(ranked) // 2])))
    return chosen


def prefixes(evidence: Evidence, run: int) -> Evidence:
    """Return the evidence of one run cut after each of its rows, as runs of their own."""
    rows = evidence.nats[evidence.offsets[run] : evidence.offsets[run + 1]]
    lengths = np.arange(1, len(rows) + 1)
    return Evidence(
        np.concatenate([rows[:length] for length in lengths]),
        np.concatenate([[0], np.cumsum(lengths)]),
    )
