"""The score is fitted on runs of GPT and Claude alone; every choice is made among them too."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ..cross_validation import cross_validate
from ..detector_config import DetectorConfig
from ..evidence import fit_detector
from ..selection import FITTING_LABELS, Selection
from ..traces import Traces
from .score import Detector, RunScore

__all__ = [
    "CHOICE",
    "Shapes",
    "chain_set",
    "choice",
    "chosen_chains",
    "cross_fitted",
    "fit_score",
    "weigh",
]

Float = NDArray[np.float64]
Int = NDArray[np.int64]

CHOICE = Path(__file__).with_name("choice.json")
"""The chains that were chosen, with all candidates; `choose` writes it."""
JUDGED = ("benign", "hijacked")
_PENALTY = 1e-4
"""On half the squared weights: they are determined where two figures say the same."""
_STEEPEST = 1e-8
"""The largest gradient at the end of a fit: there another processor's last bits have moved a score
by 2^-16 bit, and by up to 0.12 bits where a fit ended at 1e-5."""


def chain_set(orders: Sequence[int], resisted: float, errors: bool) -> tuple[DetectorConfig, ...]:
    """Return the example's chosen chain at other orders, and with resisted runs as benign ones."""
    base = Selection.load().detector
    return tuple(replace(base, order=one, resisted=resisted, errors=errors) for one in orders)


def choice(path: Path = CHOICE) -> Any:
    """Return what was committed: the chosen chains and all candidates."""
    return json.loads(path.read_text(encoding="utf-8"))


def chosen_chains() -> tuple[DetectorConfig, ...]:
    """Return the committed choice."""
    chosen = choice()["chosen"]
    return chain_set(chosen["orders"], chosen["resisted"], chosen["errors"])


@dataclass(frozen=True)
class Shapes:
    """Whole runs of the fitting families as what is weighed, each scored by a fit to others.

    Parameters
    ----------
    runs : (n,) int64
    values : (n, F) float64
    """

    runs: Int
    values: Float


def cross_fitted(traces: Traces, chains: Sequence[DetectorConfig], scheme: str) -> Shapes:
    """Return the shapes of all benign and hijacked runs of the fitting families.

    Parameters
    ----------
    traces, chains :
    scheme : str
        "family" or "lineage": what is left out of the fit of the chains that score it.
    """
    runs = traces.runs(JUDGED, test=False)

    def shapes(fitting: Int, scored: Int) -> Float:
        found = []
        for config in chains:
            detector = Detector(config, fit_detector(traces, fitting, config))
            rows, offsets = detector.shapes(traces, scored)
            found.append(rows[offsets[1:] - 1])
        return np.concatenate(found, axis=1)

    return Shapes(runs, cross_validate(traces, scheme, runs, shapes))


def weigh(traces: Traces, shapes: Shapes) -> tuple[Float, dict[str, float]]:
    """Return the weights, none below 0, and the offsets by suite, of a logistic regression.

    Repeats of one situation count once; benign and hijacked runs share the weight evenly.

    Raises
    ------
    RuntimeError
        The solver ended before the loss was flat.
    """
    names, suite = np.unique(traces.suite[shapes.runs], return_inverse=True)
    columns = np.concatenate([shapes.values, np.eye(len(names))[suite]], axis=1)
    hijacked = traces.label[shapes.runs] == "hijacked"
    share = traces.distinct_weights[shapes.runs].copy()
    for side in (hijacked, ~hijacked):
        share[side] /= 2.0 * share[side].sum()
    sign = np.where(hijacked, 1.0, -1.0)
    count = shapes.values.shape[1]
    penalised = np.concatenate([np.full(count, _PENALTY), np.zeros(len(names))])

    def loss(weights: Float) -> tuple[float, Float]:
        margin = sign * (columns @ weights)
        pull = share * sign * np.exp(-np.logaddexp(0.0, margin))
        value = share @ np.logaddexp(0.0, -margin) + 0.5 * penalised @ weights**2
        return float(value), penalised * weights - columns.T @ pull

    found = minimize(
        loss,
        np.zeros(columns.shape[1]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * count + [(None, None)] * len(names),
        options={"maxiter": 20_000, "maxfun": 100_000, "maxcor": 30, "gtol": 1e-9, "ftol": 0.0},
    )
    bound = np.arange(found.x.size) < count
    uphill = np.where(bound & (found.x <= 0.0), np.minimum(found.jac, 0.0), found.jac)
    if (left := float(np.abs(uphill).max())) > _STEEPEST:
        raise RuntimeError(f"the fit ended at a gradient of {left:.1e}: {found.message}")
    offsets = zip(names.tolist(), found.x[count:].tolist(), strict=True)
    return np.maximum(found.x[:count], 0.0), dict(offsets)


def fit_score(traces: Traces, chains: Sequence[DetectorConfig] | None = None) -> RunScore:
    """Fit the score; runs of the held-out families are not read.

    The chains are fitted to all runs of GPT and Claude; the weights to runs of each family as the
    chains fitted to the other score them.
    """
    configs = chosen_chains() if chains is None else tuple(chains)
    weights, offsets = weigh(traces, cross_fitted(traces, configs, "family"))
    fitting = traces.runs(FITTING_LABELS, test=False)
    detectors = tuple(Detector(one, fit_detector(traces, fitting, one)) for one in configs)
    return RunScore(detectors, weights, offsets)
