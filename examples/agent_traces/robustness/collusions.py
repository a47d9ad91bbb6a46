"""Attacks of liars who agree: each sees all honest ratios, and all report one value."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

__all__ = ["COLLUSIONS", "Collusion", "Seen"]


@dataclass(frozen=True)
class Seen:
    """What the liars of each trial know.

    Parameters
    ----------
    mean, deviation, median : (trials,) int64
        Of the honest ratios, in ulp, rounded down.
    against : (trials,) int64
        1 or -1: the sign that hurts.
    """

    mean: NDArray[np.int64]
    deviation: NDArray[np.int64]
    median: NDArray[np.int64]
    against: NDArray[np.int64]


Collusion = Callable[[Seen, int], NDArray[np.int64]]
"""What is known, and the clip in ulp, to what every liar of a trial reports: (trials,) in ulp."""


def _clip_maximal(seen: Seen, clip: int) -> NDArray[np.int64]:
    """Return the clip: no single ratio moves the sum of bins further."""
    return seen.against * clip


def _alie(seen: Seen, clip: int) -> NDArray[np.int64]:
    """A little is enough: as far from the mean as a majority might believe."""
    return seen.mean + seen.against * seen.deviation * 3 // 2


def _inner_product(seen: Seen, clip: int, *, tenths: int) -> NDArray[np.int64]:
    """Return a share of the honest mean, turned round."""
    return -seen.mean * tenths // 10


def _near_median(seen: Seen, clip: int) -> NDArray[np.int64]:
    """Return the ratio beside the median, where nobody looks for liars."""
    return seen.median + seen.against


COLLUSIONS: dict[str, Collusion] = {
    "clip-maximal": _clip_maximal,
    "ALIE": _alie,
    "inner product, 0.1": partial(_inner_product, tenths=1),
    "inner product, 2": partial(_inner_product, tenths=20),
    "near median": _near_median,
}
