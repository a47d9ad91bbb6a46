"""From log-likelihoods of steps to one score that never falls while a run goes on."""

from math import log

import numpy as np
from numpy.typing import NDArray

from consilience.models.model import Float

__all__ = ["highest_sum", "running_score", "step_bits"]

_ONE = 1 << 16
_MOST = 1 << 24
"""Bits; a log-likelihood of -inf is no more than that."""


def step_bits(nats: Float, prior: tuple[float, ...], allowance: float) -> Float:
    """Return how much each row speaks against good behaviour, (n,) float64 in bits.

    Of two hypotheses or more: the log2 ratio of all others, weighed by their priors, to the first.
    Of one, known-good runs: how much more the step surprises than `allowance`.
    """
    if nats.shape[1] == 1:
        found = nats[:, 0] / -log(2.0) - allowance
    else:
        shares = np.log(np.array(prior[1:]) / sum(prior[1:]))
        found = (np.logaddexp.reduce(nats[:, 1:] + shares, axis=1) - nats[:, 0]) / log(2.0)
    return np.asarray(np.clip(np.nan_to_num(found, nan=0.0), -_MOST, _MOST))


def running_score(nats: Float, prior: tuple[float, ...], allowance: float) -> NDArray[np.int64]:
    """Return after each row ``floor(65536 x)``, x the largest sum of rows in a row so far, in bits.

    Parameters
    ----------
    nats : (n, H) float64
    prior : tuple of float
    allowance : float
        See `step_bits`.
    """
    return _running(step_bits(nats, prior, allowance))


def highest_sum(bits: Float) -> float:
    """Return the largest sum of rows in a row, as `running_score` has it, in bits; 0 of none."""
    return float(_running(bits)[-1]) / _ONE if len(bits) else 0.0


def _running(bits: Float) -> NDArray[np.int64]:
    sums = np.concatenate([[0.0], np.cumsum(bits)])
    best = np.maximum.accumulate(sums[1:] - np.minimum.accumulate(sums[:-1]))
    return np.asarray(np.floor(best * _ONE), np.int64)
