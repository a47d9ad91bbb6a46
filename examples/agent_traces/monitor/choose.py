"""Choice of the chains: `python -m examples.agent_traces.monitor.choose`, some minutes.

Writes `choice.json`. A candidate is a set of chains; what counts is the mean delay of the monitor
on the pipelines of GPT and Claude, each scored by chains and weights fitted to others. No run of
the held-out families is read.
"""

import json
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..cross_validation import SCHEMES, cross_validate
from ..detector_config import DetectorConfig
from ..traces import Traces
from .fitting import CHOICE, Shapes, chain_set, cross_fitted, weigh
from .pipelines import fitting_pipelines
from .ranks import Increments
from .replicated import BEFORE, N0, draw_hijack, hijack
from .score import binned_all

__all__ = ["TOLERANCE", "candidates", "choose", "cross_fitted_scores", "mean_delay"]

TOLERANCE = 0.1
"""Runs: candidates this near to the least mean delay are taken for equal."""
STREAMS = 400
LATER = 100
SEED = 11
_ORDERS = ((3,), (0, 3), (1, 3), (0, 5), (0, 1, 3), (0, 1, 5))
_RESISTED = (0.0, 0.1, 0.3, 1.0)


def candidates() -> Iterator[tuple[tuple[int, ...], float, bool]]:
    """Yield orders of the chains, the weight of resisted runs as benign ones, failed calls."""
    for orders in _ORDERS:
        for resisted in _RESISTED:
            for errors in (False, True):
                yield orders, resisted, errors


def cross_fitted_scores(
    traces: Traces, chains: Sequence[DetectorConfig], scheme: str
) -> NDArray[np.int64]:
    """Return the scores of whole runs of the fitting families: each from a fit to others."""
    shapes = cross_fitted(traces, chains, scheme)
    place = {run: at for at, run in enumerate(shapes.runs.tolist())}

    def score(fitting: NDArray[np.int64], runs: NDArray[np.int64]) -> NDArray[np.float64]:
        others = np.array([place[run] for run in fitting.tolist() if run in place])
        here = np.array([place[run] for run in runs.tolist()])
        weights, offsets = weigh(traces, Shapes(shapes.runs[others], shapes.values[others]))
        suites = np.array([offsets[str(name)] for name in traces.suite[runs]])
        return shapes.values[here] @ weights + suites

    return binned_all(cross_validate(traces, scheme, shapes.runs, score))


def mean_delay(
    traces: Traces, chains: Sequence[DetectorConfig], scheme: str, increments: Increments
) -> float:
    """Return the mean delay in runs over the fitting families' pipelines."""
    pipelines = fitting_pipelines(traces, cross_fitted_scores(traces, chains, scheme), scheme)
    delays = [
        hijack(draw_hijack(one, STREAMS, LATER, SEED), increments).delays.mean()
        for one in pipelines
    ]
    return float(np.mean(delays))


def choose(traces: Traces, report: Callable[[str], None] = print) -> dict[str, object]:
    """Try all candidates; return the content of `choice.json`.

    Of those within `TOLERANCE` of the least mean delay the fewest chains, of these the best.
    """
    increments = Increments(N0 + BEFORE + LATER)
    tried = []
    for orders, resisted, errors in candidates():
        chains = chain_set(orders, resisted, errors)
        delays = {
            scheme: round(mean_delay(traces, chains, scheme, increments), 3) for scheme in SCHEMES
        }
        mean = round(float(np.mean(list(delays.values()))), 4)
        one = {"orders": list(orders), "resisted": resisted, "errors": errors}
        tried.append({**one, "delay": delays, "mean_delay": mean})
        report(f"{mean:.3f} {one}")
    least = min(one["mean_delay"] for one in tried)
    near = [one for one in tried if one["mean_delay"] <= least + TOLERANCE]
    best = min(near, key=lambda one: (len(one["orders"]), one["mean_delay"]))
    return {
        "chosen": {name: best[name] for name in ("orders", "resisted", "errors")},
        "candidates": tried,
    }


if __name__ == "__main__":
    CHOICE.write_text(json.dumps(choose(Traces.load()), indent=1) + "\n", encoding="utf-8")
