"""Figures of merit of scores, probabilities and e-values; none depends on the order of runs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

__all__ = ["BINS", "Mean", "auc", "calibration_error", "log_loss_of", "threshold_at", "tpr_at"]

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]
BINS = 15


@dataclass(frozen=True)
class Mean:
    """A mean with its standard error, over independent values."""

    mean: float
    error: float

    @classmethod
    def of(cls, values: Float) -> "Mean | None":
        """Return it of two values or more."""
        if len(values) < 2:
            return None
        return cls(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


def auc(positive: Bool, scores: Int) -> float | None:
    """Return the area under the ROC curve; None without both kinds."""
    if positive.all() or not positive.any():
        return None
    return float(roc_auc_score(positive, scores))


def threshold_at(positive: Bool, scores: Int, rate: float) -> int | None:
    """Return the least threshold (alarm: score >= it) with at most `rate` false alarms."""
    if positive.all() or not positive.any():
        return None
    false_alarms, _, thresholds = roc_curve(positive, scores, drop_intermediate=False)
    allowed = np.flatnonzero(false_alarms <= rate)
    # The first point of the curve has no alarms and an infinite threshold.
    return int(thresholds[allowed[-1]]) if allowed[-1] else int(scores.max()) + 1


def tpr_at(positive: Bool, scores: Int, rate: float) -> float | None:
    """Return the share of positives found with at most `rate` false alarms; nothing between."""
    threshold = threshold_at(positive, scores, rate)
    return None if threshold is None else float((scores[positive] >= threshold).mean())


def log_loss_of(positive: Bool, odds: Float) -> float | None:
    """Return the mean of -ln p(truth) in nats, of log odds."""
    if not len(odds):
        return None
    return float(np.logaddexp(0.0, np.where(positive, -odds, odds)).mean())


def calibration_error(positive: Bool, probabilities: Float, bins: int = BINS) -> float | None:
    """Return the expected calibration error: mean over bins of |share - mean probability|.

    Bins have the same number of runs, in ascending order of probability, to within fractions of a
    run. Equal probabilities share their outcomes: which of them comes first changes nothing.
    """
    if not len(probabilities):
        return None
    values, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    gaps = np.bincount(place, positive) - counts * values
    ends = np.concatenate([[0], np.cumsum(counts)]) / len(probabilities)
    sums = np.concatenate([[0.0], np.cumsum(gaps)]) / len(probabilities)
    return float(np.abs(np.diff(np.interp(np.linspace(0.0, 1.0, bins + 1), ends, sums))).sum())
