"""Robust fusion of many agents at once: interval, point estimate, and how many would decide."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.numbers.arrays import Codes
from consilience.reporters.reports import Reports
from consilience.robust.robust_counts import bins_of, robust_sums
from consilience_hw.spec.number_formats import CLIP_BIN, RATIO_BINS

__all__ = ["PairSums", "needed_to_decide", "pair_sums"]


class PairSums(NamedTuple):
    """What the reporters of each agent say together about one pair of hypotheses, in units k.

    Parameters
    ----------
    bins : (n,) int64
        The binned ratio of each report, -128 .. 128.
    trimmed, low, high : (agents,) int64
        See `Device.robust`.
    others : (n,) int64
        The trimmed sum of the reports of all others about the same agent, for each report.
    """

    bins: NDArray[np.int64]
    trimmed: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    others: NDArray[np.int64]


def pair_sums(reports: Reports, ratios: Codes, agents: int, faulty: int, unit: int) -> PairSums:
    """Return the sums of one pair; every agent has more than 3 `faulty` reports.

    Without a report of value v the trimmed sum is less the value between the f lowest and the f
    highest that is nearest to v: v itself, or the one that moves up in place of it.

    Parameters
    ----------
    reports : Reports
    ratios : (n,) int32
        Of the pair.
    agents : int
    faulty : int
    unit : int
        k, in ulp.
    """
    places = bins_of(ratios.astype(np.int64), unit)
    counts = np.bincount(reports.agent * RATIO_BINS + places, minlength=agents * RATIO_BINS)
    counts = counts.reshape(agents, RATIO_BINS)
    sums = robust_sums(counts, faulty)
    upto = counts.cumsum(axis=1)
    size = upto[:, -1:]
    lowest = (upto > faulty).argmax(axis=1) - CLIP_BIN
    highest = (upto > size - faulty - 1).argmax(axis=1) - CLIP_BIN
    bins = places - CLIP_BIN
    left_out = np.clip(bins, lowest[reports.agent], highest[reports.agent])
    return PairSums(bins, sums.trimmed, sums.low, sums.high, sums.trimmed[reports.agent] - left_out)


def needed_to_decide(
    sums: PairSums,
    reporters: NDArray[np.int64],
    faulty: int,
    unit: int,
    above: int,
    below: int,
) -> list[int | None]:
    """Return how many reporters would decide, of each agent; None where more would not.

    If further reporters say on average what the trimmed mean m of those here is, and no more lie,
    `low` and `high` grow by m for each: m lies between the f lowest and the f highest, which stay
    what they are. So the least j with ``(low + j m) k > above``, or ``(high + j m) k < below``, is
    one division, exact.

    Parameters
    ----------
    sums : PairSums
    reporters : (agents,) int64
    faulty, unit : int
    above, below : int
        Thresholds in ulp.
    """
    found: list[int | None] = []
    for trimmed, low, high, count in zip(
        sums.trimmed.tolist(),
        sums.low.tolist(),
        sums.high.tolist(),
        reporters.tolist(),
        strict=True,
    ):
        kept = count - 2 * faulty
        # Towards `above`: j trimmed k > (above - low k) kept; towards `below` with signs turned.
        lack = above - low * unit if trimmed > 0 else high * unit - below
        step = abs(trimmed) * unit
        if lack < 0:
            found.append(count)
        elif not step:
            found.append(None)
        else:
            found.append(count + lack * kept // step + 1)
    return found
