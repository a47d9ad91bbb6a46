"""The data that are summed, the same in every run, and what others use to sum floats."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from consilience.numbers.arrays import Codes
from consilience.numbers.convert import to_codes

__all__ = [
    "DATA_SETS",
    "SEGMENTS",
    "DataSet",
    "drawn_codes",
    "evidence_of",
    "float_posterior",
    "float_ways",
]

SCIPY = "SciPy"
NUMPY = "NumPy log(sum(exp))"
LOGADDEXP = "NumPy logaddexp"
JAX = "jax float32"

_CHUNK = 1_000_000
"""Values drawn at a time, as 10^8 of them would not fit beside their codes."""
_EVIDENCE_SEED = 3
_ROWS = 5
"""Most rows of an agent."""
_DEVIATION = 8 << 16
"""8 bits, as code."""


@dataclass(frozen=True)
class DataSet:
    """How values are drawn.

    Parameters
    ----------
    title : str
    draw : callable
        Takes a generator and n; returns float64 of shape (n,), in nats.
    """

    title: str
    draw: Callable[[np.random.Generator, int], NDArray[np.float64]]


def _normal(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.normal(-20.0, 8.0, n)


def _mixed(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Half of N(-20, 8), a quarter of U(-150, 0), a quarter of U(-22000, -20), shuffled."""
    around, anywhere = n // 4, n // 4
    parts = [
        _normal(rng, n - around - anywhere),
        rng.uniform(-150.0, 0.0, around),
        rng.uniform(-22_000.0, -20.0, anywhere),
    ]
    return rng.permutation(np.concatenate(parts))


DATA_SETS: Mapping[str, DataSet] = {
    "normal": DataSet("N(-20, 8)", _normal),
    "uniform": DataSet("U(-20, 0)", lambda rng, n: rng.uniform(-20.0, 0.0, n)),
    "mixed": DataSet("mixed scale", _mixed),
    "equal": DataSet("all equal", lambda rng, n: np.full(n, -20.0)),
}
"""By name; the 8 of the normal one is its standard deviation."""


def codes_in_chunks(data: DataSet, rng: np.random.Generator, n: int) -> Codes:
    """Return n codes, drawn a million at a time: 4 bytes a code, and 16 MB."""
    codes = np.empty(n, np.int32)
    for start in range(0, n, _CHUNK):
        part = codes[start : start + _CHUNK]
        part[:] = to_codes(data.draw(rng, len(part)))
    return codes


def drawn_codes(count: int, seed: int = 1) -> Codes:
    """Return codes drawn from N(0, 8 bits): synthetic agents, not traces."""
    values = np.random.default_rng(seed).standard_normal(count, dtype=np.float32)
    return (values * _DEVIATION).astype(np.int32)


def short_segments(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Return offsets of segments of 1 to 16 codes, n codes in all."""
    return _offsets(rng.integers(1, 17, n), n)


def mixed_segments(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Return offsets of segments of 1 to 10^4 codes, log-uniform, n codes in all."""
    return _offsets(np.exp(rng.uniform(0, np.log(10_001), n // 4 + 1)).astype(np.int64), n)


def _offsets(lengths: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return offsets of the first lengths that fit, with a last segment for the rest."""
    ends = np.cumsum(lengths)
    return np.concatenate([[0], ends[ends < n], [n]])


SEGMENTS: Mapping[str, Callable[[np.random.Generator, int], NDArray[np.int64]]] = {
    "1 to 16 codes": short_segments,
    "1 to 10,000 codes, log-uniform": mixed_segments,
}


def evidence_of(agents: int, hypotheses: int) -> tuple[Codes, NDArray[np.int64], Codes]:
    """Return evidence (N, H), the agent of each row (N,), ascending, and a uniform prior (H,)."""
    rng = np.random.default_rng(_EVIDENCE_SEED)
    agent = np.repeat(np.arange(agents), rng.integers(1, _ROWS + 1, agents))
    evidence = to_codes(rng.normal(-3.0, 2.0, (len(agent), hypotheses)))
    return evidence, agent, to_codes(np.full(hypotheses, -np.log(hypotheses)))


def max_shifted_sum(nats: NDArray[Any]) -> Any:
    """Return the log-sum-exp as NumPy users write it out, in the precision of `nats`."""
    largest = nats.max()
    return largest + np.log(np.exp(nats - largest).sum())


def logaddexp_sum(nats: NDArray[Any]) -> Any:
    """Return ``np.logaddexp.reduce``: one value after the other, in the precision of `nats`."""
    return np.logaddexp.reduce(nats)


def float_ways(nats: NDArray[np.float64]) -> dict[str, Callable[[], object]]:
    """Return a call of each way in which others sum these floats; jax's if it is installed."""
    ways: dict[str, Callable[[], object]] = {
        SCIPY: partial(logsumexp, nats),
        NUMPY: partial(max_shifted_sum, nats),
        LOGADDEXP: partial(logaddexp_sum, nats),
    }
    jax = jax_sum(nats)
    return ways if jax is None else ways | {JAX: jax}


def jax_sum(nats: NDArray[np.float64]) -> Callable[[], object] | None:
    """Return a call of compiled `jax.scipy.special.logsumexp` on float32; None without jax.

    The values are on jax's device before the call. Jax chooses the number of threads.
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


def float_posterior(
    nats: NDArray[np.float64], firsts: NDArray[Any], prior: NDArray[np.float64]
) -> object:
    """Return posteriors in floating point, of rows by agent, given the first row of each."""
    sums = np.add.reduceat(nats, firsts, axis=0) + prior
    return sums - logsumexp(sums, axis=1, keepdims=True)
