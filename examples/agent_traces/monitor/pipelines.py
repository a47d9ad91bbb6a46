"""The agents that are judged: pipelines with enough benign and hijacked runs, scored."""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from ..cross_validation import detector_odds
from ..evidence import fit_detector
from ..selection import FITTING_LABELS, Selection
from ..traces import Traces
from .fitting import JUDGED
from .score import Detector, RunScore, Scored

__all__ = ["LEAST_RUNS", "Pipeline", "fitting_pipelines", "held_out_pipelines", "pipelines_of"]

Int = NDArray[np.int64]
LEAST_RUNS = 20
"""Benign and hijacked runs, each, that a pipeline needs."""


@dataclass(frozen=True)
class Pipeline:
    """Runs of one agent, in the order in which they are recorded: suite after suite.

    Parameters
    ----------
    name : str
    benign, hijacked : (n,), (m,) int64
        Scores of whole runs.
    calls : (m, most) int64
        Scores of the hijacked runs after each call, the end left out; from `counts` on 0.
    counts : (m,) int64
        Calls of each hijacked run.
    benign_bits, hijacked_bits : (n,), (m,) float64
        log2(hijacked : benign) of whole runs, of the example's chosen chains, for what is compared.
    benign_suites : (n,) of str
    """

    name: str
    benign: Int
    hijacked: Int
    calls: Int
    counts: Int
    benign_bits: NDArray[np.float64]
    hijacked_bits: NDArray[np.float64]
    benign_suites: NDArray[np.str_]

    @property
    def short(self) -> str:
        """A name that fits into a table."""
        name = self.name.replace("meta-llama_", "").replace("Meta-", "")
        return name.replace("-Instruct", "").replace("-repeat_user_prompt", ", repeat")


def held_out_pipelines(traces: Traces, score: RunScore) -> list[Pipeline]:
    """Return the pipelines of the held-out families that have enough runs, by name."""
    runs = traces.runs(JUDGED, test=True)
    chosen = Selection.load().detector
    fitted = fit_detector(traces, traces.runs(FITTING_LABELS, test=False), chosen)
    rows, offsets = Detector(chosen, fitted).ratios(traces, runs)
    return pipelines_of(traces, runs, score.of(traces, runs), np.add.reduceat(rows, offsets[:-1]))


def fitting_pipelines(traces: Traces, finals: Int, scheme: str = "family") -> list[Pipeline]:
    """Return those of GPT and Claude; what scores them was fitted to others.

    Parameters
    ----------
    traces : Traces
    finals : (runs,) int64
        Scores of all benign and hijacked runs of the fitting families, whole.
    scheme : str
        What was left out of the fit of the ratios.
    """
    runs = traces.runs(JUDGED, test=False)
    bits = detector_odds(traces, Selection.load().detector, scheme) / log(2.0)
    return pipelines_of(traces, runs, Scored(finals, np.arange(len(runs) + 1)), bits)


def pipelines_of(
    traces: Traces, runs: Int, scored: Scored, bits: NDArray[np.float64]
) -> list[Pipeline]:
    """Return the pipelines with enough benign and hijacked `runs`, by name.

    Parameters
    ----------
    traces : Traces
    runs : (n,) int64
    scored : Scored
        Of the runs, in their order.
    bits : (n,) float64
        log2(hijacked : benign) of whole runs.
    """
    found = []
    for name in np.unique(traces.agent[runs]).tolist():
        of = traces.agent[runs] == name
        benign, hijacked = (np.flatnonzero(of & (traces.label[runs] == kind)) for kind in JUDGED)
        if min(len(benign), len(hijacked)) < LEAST_RUNS:
            continue
        before = [scored.before_the_end(run) for run in hijacked.tolist()]
        counts = np.array([len(one) for one in before], np.int64)
        calls = np.zeros((len(before), max(1, int(counts.max()))), np.int64)
        for row, one in zip(calls, before, strict=True):
            row[: len(one)] = one
        found.append(
            Pipeline(
                name,
                scored.final[benign],
                scored.final[hijacked],
                calls,
                counts,
                bits[benign],
                bits[hijacked],
                traces.suite[runs[benign]],
            )
        )
    return found
