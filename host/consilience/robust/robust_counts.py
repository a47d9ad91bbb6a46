"""What the counts of 257 bins say when some reporters lie: one histogram, or many at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.read_kernels import trim_each
from consilience_hw.spec.number_formats import CLIP_BIN, RATIO_BINS

__all__ = ["BIN_VALUES", "RobustSums", "bins_of", "robust_sums"]

BIN_VALUES = np.arange(-CLIP_BIN, CLIP_BIN + 1, dtype=np.int64)
"""Value of each bin in units of k ulp, (257,)."""


def bins_of(ratios: NDArray[np.int64], unit: int) -> NDArray[np.int64]:
    """Return the index of each ratio's bin, 0 .. 256: that of `BIN_VALUES`.

    Parameters
    ----------
    ratios : (n,) int64
        In ulp.
    unit : int
        k in ulp.
    """
    sizes = np.minimum((np.abs(ratios) + unit // 2) // unit, CLIP_BIN)
    # With the largest unit the log of zero is the clip itself, with others beyond it.
    bins: NDArray[np.int64] = np.sign(ratios) * sizes + CLIP_BIN
    return bins


class RobustSums(NamedTuple):
    """Int64 arrays, shape (...,), in units of k ulp; see `robust_sums`."""

    trimmed: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]


def robust_sums(counts: NDArray[np.int64], faulty: int) -> RobustSums:
    """Return the trimmed sum and the certified interval of each histogram.

    Parameters
    ----------
    counts : (..., 257) int64
        Reporters by bin -128 .. 128; each histogram holds at least 2 faulty + 1.
    faulty : int
        f, at least 0.

    Returns
    -------
    RobustSums
        trimmed: the sum without the f lowest and the f highest. low: the sum of all less the
        positive values among the f highest; high: less the negative values among the f lowest.
    """
    sums = trim_each(counts.reshape(-1, RATIO_BINS), faulty)
    return RobustSums(*sums.reshape(3, *counts.shape[:-1]))
