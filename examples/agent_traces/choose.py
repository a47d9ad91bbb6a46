"""Choice of every free parameter: `python -m examples.agent_traces.choose`, some minutes.

Writes `selection.json`, which the demo uses. See `cross_validation` for what a score is.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace

import numpy as np

from .cross_validation import (
    SCHEMES,
    balanced_log_loss,
    detector_auc,
    detector_odds,
    goal_accuracy,
    goal_log_loss,
    goal_scores,
    log_posterior,
)
from .detector_config import DetectorConfig
from .fusion import FULL_WEIGHT
from .selection import FIRST_ORDER, SELECTION
from .traces import Traces

__all__ = ["choose", "goal_grid", "grid", "switches"]

TOLERANCE = 0.001
"""Candidates this near to the best mean AUC are taken for equal: the folds tell no more."""
WEIGHTS = tuple(round(FULL_WEIGHT * step / 20) for step in range(1, 21))


def grid() -> Iterator[DetectorConfig]:
    """Yield the candidates for order, smoothing and back-off."""
    for order in (1, 2, 3, 4, 5, 6):
        yield DetectorConfig(order, "additive", concentration=0.5)
        yield DetectorConfig(order, "witten-bell")
        for share in (0.05, 0.2):
            yield DetectorConfig(order, "jelinek-mercer", concentration=share)
        for discount in (0.0, 0.3, 0.5, 0.7, 0.9):
            for concentration in (0.03, 0.3, 1.0):
                yield DetectorConfig(order, "discount", discount, concentration)


def switches(config: DetectorConfig) -> Iterator[DetectorConfig]:
    """Yield `config` with one structural choice changed at a time."""
    yield replace(config, distinct=not config.distinct)
    yield replace(config, errors=not config.errors)
    yield replace(config, end=not config.end)
    for weight in (0.1, 1.0):
        yield replace(config, resisted=weight)
        yield replace(config, direct=weight)


def goal_grid() -> Iterator[DetectorConfig]:
    """Yield the candidates for the goals' own chains."""
    for order in (0, 1, 2, 3):
        for concentration in (0.3, 1.0, 3.0):
            for direct in (0.0, 1.0):
                yield DetectorConfig(order, concentration=concentration, direct=direct)


def choose(traces: Traces, report: Callable[[str], None] = print) -> dict[str, object]:
    """Run the whole choice; return the content of `selection.json`.

    First the grid of order, smoothing and back-off: of those within `TOLERANCE` of the best the
    lowest order, and of that order the best. Then the best structural switch, if it gains more
    than `TOLERANCE`. Then the weight of least log loss. Then the goals' chains by accuracy, each
    at its weight of least log loss.
    """
    candidates: list[dict[str, object]] = []

    def try_out(config: DetectorConfig) -> float:
        scores = {scheme: round(detector_auc(traces, config, scheme), 4) for scheme in SCHEMES}
        mean = float(np.mean(list(scores.values())))
        candidates.append({**asdict(config), "auc": scores, "mean_auc": round(mean, 4)})
        report(f"{mean:.4f} {config}")
        return mean

    try_out(FIRST_ORDER)
    tried = [(try_out(config), config) for config in grid()]
    near = [(mean, c) for mean, c in tried if mean >= max(m for m, _ in tried) - TOLERANCE]
    order = min(c.order for _, c in near)
    mean, detector = max(((m, c) for m, c in near if c.order == order), key=lambda pair: pair[0])
    switched = [(try_out(config), config) for config in switches(detector)]
    gained, other = max(switched, key=lambda pair: pair[0])
    if gained > mean + TOLERANCE:
        detector = other

    runs = traces.runs(("benign", "hijacked"), test=False)
    hijacked = (traces.label[runs] == "hijacked").astype(np.int64)
    share = traces.distinct_weights[runs]
    odds = [detector_odds(traces, detector, scheme) for scheme in SCHEMES]
    sums = [np.stack([np.zeros_like(one), one], axis=1) for one in odds]
    losses = {
        weight: float(
            np.mean([balanced_log_loss(log_posterior(s, weight), hijacked, share) for s in sums])
        )
        for weight in WEIGHTS
    }
    weight = min(losses, key=losses.__getitem__)

    goal_candidates: list[dict[str, object]] = []
    best: tuple[float, DetectorConfig, int] | None = None
    for config in goal_grid():
        scores = [goal_scores(traces, detector, config, scheme) for scheme in SCHEMES]
        loss, at = min((float(np.mean([goal_log_loss(s, w) for s in scores])), w) for w in WEIGHTS)
        accuracy = float(np.mean([goal_accuracy(s, at) for s in scores]))
        goal_candidates.append(
            {
                **asdict(config),
                "weight": at,
                "accuracy": round(accuracy, 4),
                "log_loss": round(loss, 4),
            }
        )
        report(f"{accuracy:.4f} {loss:.4f} {at} {config}")
        if best is None or accuracy > best[0]:
            best = (accuracy, config, at)
    if best is None:
        raise ValueError("goal_grid is empty")
    return {
        "chosen": {
            "detector": asdict(detector),
            "weight": weight,
            "goal": asdict(best[1]),
            "goal_weight": best[2],
        },
        "log_loss_by_weight": {str(w): round(loss, 4) for w, loss in losses.items()},
        "candidates": candidates,
        "goal_candidates": goal_candidates,
    }


if __name__ == "__main__":
    SELECTION.write_text(json.dumps(choose(Traces.load()), indent=1) + "\n", encoding="utf-8")
