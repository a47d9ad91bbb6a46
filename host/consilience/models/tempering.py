"""How much log-likelihoods are to count, and the prior: what gives the user's labels the least
log loss."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.models.model import Float

__all__ = ["Tempering", "log_loss", "tempered"]

_WHOLE = 1 << 16
_STEPS = 40
_NEWTON = 25
_PSEUDO = 0.5
"""Runs of each label beside those seen: no prior is 0."""
_GOLDEN = (5**0.5 - 1) / 2


class Tempering(NamedTuple):
    """What was chosen.

    Parameters
    ----------
    weight : int
        1 .. 65536.
    prior : tuple of float
    log_loss : float
        Nats per run.
    """

    weight: int
    prior: tuple[float, ...]
    log_loss: float


def log_loss(sums: Float, truth: NDArray[np.int64], weight: int, prior: Float) -> float:
    """Return the mean of -ln posterior(truth), in nats.

    Parameters
    ----------
    sums : (runs, H) float64
        Log-likelihoods of whole runs.
    truth : (runs,) int64
    weight : int
    prior : (H,) float64
    """
    joint = sums * (weight / _WHOLE) + np.log(prior)
    rest = np.logaddexp.reduce(joint, axis=1) - joint[np.arange(len(truth)), truth]
    return float(rest.mean())


def tempered(sums: Float, truth: NDArray[np.int64], hypotheses: int) -> Tempering:
    """Return the weight and prior of least log loss on runs that were left out of the fit.

    The loss is convex in weight and log prior together: a golden section over the weight, with
    Newton steps of the prior inside.
    """
    level = np.clip(np.nan_to_num(sums - sums.max(axis=1, keepdims=True), neginf=-1e4), -1e4, 0.0)

    def at(share: float) -> tuple[float, Float]:
        prior = _prior(level * share, truth, hypotheses)
        return log_loss(level, truth, round(share * _WHOLE), prior), prior

    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if at(left)[0] <= at(right)[0]:
            high = right
        else:
            low = left
    share = max((low, high, 1.0), key=lambda one: -at(one)[0])
    weight = max(1, round(share * _WHOLE))
    loss, prior = at(weight / _WHOLE)
    return Tempering(weight, tuple(prior.tolist()), loss)


def _prior(joint: Float, truth: NDArray[np.int64], hypotheses: int) -> Float:
    """Return the prior of least log loss, (H,), given log-likelihoods; Newton's method, damped."""
    counts = np.bincount(truth, minlength=hypotheses) + _PSEUDO
    logs = np.log(counts / counts.sum())
    total = counts.sum()
    for _ in range(_NEWTON):
        posterior = joint + logs
        posterior = np.exp(posterior - np.logaddexp.reduce(posterior, axis=1, keepdims=True))
        prior = np.exp(logs - np.logaddexp.reduce(logs))
        # The pseudo-runs are seen without evidence: their posterior is the prior.
        pull = counts - posterior.sum(axis=0) - _PSEUDO * hypotheses * prior
        curve = np.diag(posterior.sum(axis=0)) - posterior.T @ posterior
        curve += _PSEUDO * hypotheses * (np.diag(prior) - np.outer(prior, prior))
        step = np.linalg.solve(curve + 1e-9 * total * np.eye(hypotheses), pull)
        logs = logs + np.clip(step - step.mean(), -2.0, 2.0)
        if np.abs(step - step.mean()).max() < 1e-10:
            break
    return np.asarray(np.exp(logs - np.logaddexp.reduce(logs)))
