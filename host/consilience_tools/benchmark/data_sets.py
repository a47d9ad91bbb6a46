"""The data that are summed: natural logarithms, the same in every run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consilience.numbers.convert import to_codes

__all__ = ["DATA_SETS", "DataSet", "codes_in_chunks", "mixed_segments", "short_segments"]

_CHUNK = 1_000_000
"""Values drawn at a time where 10^8 of them would not fit beside their codes."""


@dataclass(frozen=True)
class DataSet:
    """How values are drawn.

    Parameters
    ----------
    title : str
        In words.
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
"""By name; the normal one's 8 is its standard deviation."""


def codes_in_chunks(data: DataSet, rng: np.random.Generator, n: int) -> NDArray[np.int32]:
    """Return n codes, drawn a million at a time: 4 bytes a code, and 16 MB."""
    codes = np.empty(n, np.int32)
    for start in range(0, n, _CHUNK):
        part = codes[start : start + _CHUNK]
        part[:] = to_codes(data.draw(rng, len(part)))
    return codes


def short_segments(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Return offsets of segments of 1 to 16 codes, n in all."""
    return _offsets(rng.integers(1, 17, n), n)


def mixed_segments(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Return offsets of segments of 1 to 10^4 codes, every order of magnitude alike, n in all."""
    return _offsets(np.exp(rng.uniform(0, np.log(10_001), n // 4 + 1)).astype(np.int64), n)


def _offsets(lengths: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return offsets of as many of the lengths as fit, and what is left over as the last."""
    ends = np.cumsum(lengths)
    return np.concatenate([[0], ends[ends < n], [n]])
