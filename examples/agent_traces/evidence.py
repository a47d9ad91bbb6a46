"""From runs to evidence: one row of log-likelihoods, one per hypothesis, for every call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consilience.models.chain import Chain, Counts, count

from .detector_config import DetectorConfig
from .traces import END, Traces

__all__ = [
    "BENIGN",
    "HIJACKED",
    "Evidence",
    "Symbols",
    "alphabet",
    "collect",
    "count_label",
    "fit_detector",
    "run_sums",
]

BENIGN, HIJACKED = 0, 1
"""Columns of the detector's evidence."""
Symbols = tuple[int, ...]


@dataclass(frozen=True)
class Evidence:
    """Rows of log-likelihoods, grouped by run.

    Parameters
    ----------
    nats : (rows, H) float64
        ln p(call given the calls before it, hypothesis). Row t of a run depends on its calls up
        to t alone; the last row is the run's end.
    offsets : (runs + 1,) int64
        Run r has the rows ``offsets[r] .. offsets[r + 1]``.
    """

    nats: NDArray[np.float64]
    offsets: NDArray[np.int64]

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.offsets) - 1

    def take(self, runs: NDArray[np.int64]) -> "Evidence":
        """Return the evidence of `runs`, in that order; a run may occur again."""
        lengths = np.diff(self.offsets)[runs]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        shift = np.repeat(self.offsets[runs] - offsets[:-1], lengths)
        return Evidence(self.nats[shift + np.arange(offsets[-1])], offsets)


def _sequence(traces: Traces, run: int, config: DetectorConfig) -> Symbols:
    symbols = traces.sequence(run, errors=config.errors)
    return symbols if config.end else symbols[:-1]


def count_label(
    traces: Traces,
    fitting: NDArray[np.int64],
    suite: str,
    labels: Mapping[str, float],
    config: DetectorConfig,
    goal: str | None = None,
) -> Counts:
    """Count the runs of one suite, and of one goal if given, with a weight in `labels` above 0."""
    chosen = fitting[traces.suite[fitting] == suite]
    if goal is not None:
        chosen = chosen[traces.goal[chosen] == goal]
    weighted = []
    for label, weight in labels.items():
        for run in chosen[traces.label[chosen] == label] if weight > 0.0 else ():
            share = float(traces.distinct_weights[run]) if config.distinct else 1.0
            weighted.append((_sequence(traces, int(run), config), share * weight))
    return count(weighted, config.order)


def alphabet(*counts: Counts) -> frozenset[int]:
    """Return every symbol seen in any of `counts`, and `END`."""
    return frozenset({END}).union(*(counted.get((), {}) for counted in counts))


def fit_detector(
    traces: Traces,
    fitting: NDArray[np.int64],
    config: DetectorConfig,
    suites: Iterable[str] | None = None,
) -> dict[str, list[Chain]]:
    """Fit the chains of benign and of hijacked runs (columns `BENIGN`, `HIJACKED`).

    Returns them for every suite, or for `suites`. Both chains of a suite share its alphabet.
    """
    models = {}
    for suite in traces.suites if suites is None else suites:
        counts = [
            count_label(traces, fitting, suite, labels, config)
            for labels in (
                {"benign": 1.0, "resisted": config.resisted},
                {"hijacked": 1.0, "direct": config.direct},
            )
        ]
        symbols = alphabet(*counts)
        models[suite] = [Chain(counted, config, symbols) for counted in counts]
    return models


def collect(
    traces: Traces,
    runs: NDArray[np.int64],
    models: Mapping[str, Sequence[Chain]],
    config: DetectorConfig,
) -> Evidence:
    """Return the evidence of `runs`; all models have the same number of hypotheses H."""
    # Thousands of runs make the same calls: each distinct sequence is worked out once.
    known: dict[tuple[str, Symbols], NDArray[np.float64]] = {}
    blocks = []
    for run in runs:
        suite = str(traces.suite[run])
        key = (suite, _sequence(traces, int(run), config))
        if key not in known:
            columns = [chain.predict(key[1]) for chain in models[suite]]
            known[key] = np.log(np.array(columns, dtype=np.float64)).T
        blocks.append(known[key])
    lengths = [len(block) for block in blocks]
    return Evidence(np.concatenate(blocks), np.concatenate([[0], np.cumsum(lengths)]))


def run_sums(evidence: Evidence) -> NDArray[np.float64]:
    """Return each run's summed log-likelihoods, (runs, H) float64 nats, for cross-validation.

    What is reported comes from the device, not from here.
    """
    return np.add.reduceat(evidence.nats, evidence.offsets[:-1], axis=0)
