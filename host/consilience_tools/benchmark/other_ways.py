"""What others use for a log-sum-exp of floats: SciPy, NumPy, jax."""

import importlib
import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp as scipy_logsumexp

__all__ = [
    "JAX",
    "LOGADDEXP",
    "NUMPY",
    "SCIPY",
    "jax_sum",
    "logaddexp_sum",
    "max_shifted_sum",
    "scipy_logsumexp",
]

SCIPY = "SciPy"
NUMPY = "NumPy log(sum(exp))"
LOGADDEXP = "NumPy logaddexp"
JAX = "jax float32"


def max_shifted_sum(nats: NDArray[Any]) -> Any:
    """Return the log-sum-exp as NumPy users write it out, in the precision of `nats`."""
    largest = nats.max()
    return largest + np.log(np.exp(nats - largest).sum())


def logaddexp_sum(nats: NDArray[Any]) -> Any:
    """Return ``np.logaddexp.reduce``: one value after the other, in the precision of `nats`."""
    return np.logaddexp.reduce(nats)


def jax_sum(nats: NDArray[np.float64]) -> Callable[[], object] | None:
    """Return a call of compiled `jax.scipy.special.logsumexp` on float32; None without jax.

    The values are on jax's device before. It uses as many threads as it likes.
    """
    if importlib.util.find_spec("jax") is None:
        return None
    jax = importlib.import_module("jax")
    special = importlib.import_module("jax.scipy.special")
    values = jax.numpy.asarray(nats.astype(np.float32))
    action = partial(_finished, jax.jit(special.logsumexp), values)
    action()  # compiles
    return action


def _finished(compiled: Callable[[Any], Any], values: Any) -> object:
    return compiled(values).block_until_ready()
