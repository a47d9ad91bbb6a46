"""Cross-validation inside the GPT and Claude families; the other families' runs are never read.

There are two ways to leave agents out, and a candidate's score is the mean of both: a whole
family (fit on GPT, score Claude, and the reverse), and one model lineage of five. Scores are
pooled over the folds. Repeats of one situation count once (`Traces.distinct_weights`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from .detector_config import DetectorConfig
from .evidence import BENIGN, HIJACKED, collect, fit_detector, run_sums
from .fusion import FULL_WEIGHT
from .goals import choose_goals, fit_goals, prior
from .selection import FITTING_LABELS
from .traces import Traces

__all__ = [
    "SCHEMES",
    "GoalScores",
    "balanced_log_loss",
    "cross_validate",
    "detector_auc",
    "detector_odds",
    "goal_accuracy",
    "goal_log_loss",
    "goal_scores",
    "log_posterior",
]

SCHEMES = ("family", "lineage")


def _groups(traces: Traces, scheme: str) -> NDArray[np.str_]:
    if scheme == "lineage":
        return traces.lineages
    return np.array([name.partition("-")[0] for name in traces.lineages])


def cross_validate(
    traces: Traces,
    scheme: str,
    scored: NDArray[np.int64],
    score: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return the scores of `scored` runs, each from a fit without its family or lineage.

    Parameters
    ----------
    traces : Traces
        All runs; those of the held-out families are not used.
    scheme : str
        "family" or "lineage".
    scored : (n,) int64
        Runs of the GPT and Claude families.
    score : callable
        (fitting runs, m runs to score) to (m, ...) float64.
    """
    groups = _groups(traces, scheme)
    fitting = traces.runs(FITTING_LABELS, test=False)
    if not np.isin(scored, fitting).all():
        raise ValueError("only benign and attacked runs of the GPT and Claude families are scored")
    folds = [groups[scored] == name for name in np.unique(groups[scored])]
    parts = [score(fitting[groups[fitting] != groups[scored[f][0]]], scored[f]) for f in folds]
    result = np.empty((len(scored), *parts[0].shape[1:]))
    for fold, part in zip(folds, parts, strict=True):
        result[fold] = part
    return result


def detector_odds(traces: Traces, config: DetectorConfig, scheme: str) -> NDArray[np.float64]:
    """Return ln(hijacked : benign) of the benign and hijacked fitting runs, cross-validated."""

    def score(fitting: NDArray[np.int64], runs: NDArray[np.int64]) -> NDArray[np.float64]:
        sums = run_sums(collect(traces, runs, fit_detector(traces, fitting, config), config))
        return sums[:, HIJACKED] - sums[:, BENIGN]

    return cross_validate(traces, scheme, traces.runs(("benign", "hijacked"), test=False), score)


def detector_auc(traces: Traces, config: DetectorConfig, scheme: str) -> float:
    """Return the cross-validated AUC, hijacked against benign, repeats counted once."""
    runs = traces.runs(("benign", "hijacked"), test=False)
    odds = detector_odds(traces, config, scheme)
    hijacked = traces.label[runs] == "hijacked"
    return float(roc_auc_score(hijacked, odds, sample_weight=traces.distinct_weights[runs]))


def balanced_log_loss(
    posterior: NDArray[np.float64], truth: NDArray[np.int64], weights: NDArray[np.float64]
) -> float:
    """Return the log loss in nats, benign and attacked runs sharing the weight evenly."""
    even = weights.copy()
    for side in (truth == 0, truth > 0):
        even[side] /= 2.0 * even[side].sum()
    return float(-(even * posterior[np.arange(len(truth)), truth]).sum())


def log_posterior(sums: NDArray[np.float64], weight: int) -> NDArray[np.float64]:
    """Return ln posterior, (runs, H) float64, of summed log-likelihoods at a weight."""
    joint = sums * (weight / FULL_WEIGHT) + np.log(prior(sums.shape[1]))
    return joint - np.logaddexp.reduce(joint, axis=1, keepdims=True)


@dataclass(frozen=True)
class GoalScores:
    """Cross-validated log-likelihoods of one suite's runs under its hypotheses."""

    sums: NDArray[np.float64]
    truth: NDArray[np.int64]
    weights: NDArray[np.float64]


def goal_scores(
    traces: Traces, detector: DetectorConfig, config: DetectorConfig, scheme: str
) -> list[GoalScores]:
    """Return the cross-validated scores of each suite."""
    fitting = traces.runs(FITTING_LABELS, test=False)
    runs = traces.runs(("benign", "hijacked"), test=False)
    goals = {suite: choose_goals(traces, fitting, suite) for suite in traces.suites}
    result = []
    for suite, names in goals.items():
        scored = runs[(traces.suite[runs] == suite) & np.isin(traces.goal[runs], ["", *names])]

        def score(
            fitting: NDArray[np.int64], runs: NDArray[np.int64], suite: str = suite
        ) -> NDArray[np.float64]:
            model = fit_goals(traces, fitting, detector, config, {suite: goals[suite]})[suite]
            return run_sums(collect(traces, runs, {suite: model.chains}, detector))

        truth = np.array([("", *names).index(str(goal)) for goal in traces.goal[scored]])
        sums = cross_validate(traces, scheme, scored, score)
        result.append(GoalScores(sums, truth, traces.distinct_weights[scored]))
    return result


def goal_accuracy(scores: list[GoalScores], weight: int) -> float:
    """Return the share of runs whose most probable hypothesis is the true one, all suites."""
    right = total = 0.0
    for suite in scores:
        hit = log_posterior(suite.sums, weight).argmax(axis=1) == suite.truth
        right += float((hit * suite.weights).sum())
        total += float(suite.weights.sum())
    return right / total


def goal_log_loss(scores: list[GoalScores], weight: int) -> float:
    """Return the mean over suites of the balanced log loss at a weight, in nats."""
    return float(
        np.mean(
            [balanced_log_loss(log_posterior(s.sums, weight), s.truth, s.weights) for s in scores]
        )
    )
