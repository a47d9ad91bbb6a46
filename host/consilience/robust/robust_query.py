"""Robust fusion on a device: what is checked before, and the pairs of H > 2 hypotheses."""

from collections.abc import Callable, Sequence
from math import isqrt
from operator import index
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.numbers.convert import as_codes
from consilience.robust.robust_histogram import RobustHistogram, RobustScan
from consilience_hw.spec.number_formats import Decision

__all__ = ["RobustResult", "Scan", "robust_over"]

Scan = Callable[[NDArray[np.int32], int, int, int], RobustScan]
"""Ratios (n,), faulty, clip and threshold of one pair to its scan."""


class RobustResult(NamedTuple):
    """Robust fusion of the ratios of n reporters; see `Device.robust`.

    Integers for ratios of shape (n,). For (n, P) int64 arrays of shape (P,), except unit and
    trimmed_count.

    Parameters
    ----------
    trimmed_sum, low, high : int or int64 array, shape (P,)
        In units of `unit` ulp, about the binned ratios.
    trimmed_count : int
        n - 2 faulty.
    unit : int
        k, in ulp: clip / 128.
    decision : Decision or int64 array, shape (P,)
        1 above, -1 below, 0 undecided.
    """

    trimmed_sum: int | NDArray[np.int64]
    trimmed_count: int
    low: int | NDArray[np.int64]
    high: int | NDArray[np.int64]
    unit: int
    decision: Decision | NDArray[np.int64]


def robust_over(
    scan: Scan, ratios: ArrayLike, faulty: int, clip: int, threshold: int | Sequence[int] = 0
) -> RobustResult:
    """Return `Device.robust` with `scan` for each pair."""
    codes = as_codes(ratios, "ratios")
    if codes.ndim not in (1, 2):
        raise BadInput(f"ratios must be (n,) or (n, pairs), not {codes.shape}")
    columns = codes[np.newaxis] if codes.ndim == 1 else codes.T
    pairs = len(columns)
    hypotheses = (1 + isqrt(1 + 8 * pairs)) // 2
    if not pairs or hypotheses * (hypotheses - 1) != 2 * pairs or hypotheses > 16:
        raise BadInput(f"{pairs} pairs are not the pairs of 2 to 16 hypotheses, H (H - 1) / 2")
    unit = RobustHistogram(clip).unit
    try:
        faulty = index(faulty)
        given = threshold if isinstance(threshold, (Sequence, np.ndarray)) else [threshold] * pairs
        limits = [index(limit) for limit in given]
    except TypeError as error:
        raise BadInput("faulty and threshold must be integers (threshold in ulp)") from error
    if len(limits) != pairs:
        raise BadInput(f"threshold must be one integer or {pairs}, not {len(limits)}")
    if faulty < 0 or len(codes) <= 3 * faulty:
        raise BadInput(f"{len(codes)} reporters cannot tolerate {faulty} faulty: n must exceed 3f")
    scans = [
        scan(np.ascontiguousarray(column), faulty, clip, limit)
        for column, limit in zip(columns, limits, strict=True)
    ]
    if codes.ndim == 1:
        one = scans[0]
        return RobustResult(
            one.trimmed_sum, one.trimmed_count, one.low, one.high, unit, one.decision
        )
    decisions = [one.decision for one in scans]
    if _has_circle(decisions, hypotheses):
        decisions = [Decision.UNDECIDED] * pairs
    return RobustResult(
        np.array([one.trimmed_sum for one in scans], np.int64),
        scans[0].trimmed_count,
        np.array([one.low for one in scans], np.int64),
        np.array([one.high for one in scans], np.int64),
        unit,
        np.array(decisions, np.int64),
    )


def _has_circle(decisions: Sequence[Decision], hypotheses: int) -> bool:
    """Return whether no order of the hypotheses agrees with all decided pairs."""
    first, second = np.triu_indices(hypotheses, 1)
    beaten_by = np.zeros((hypotheses, hypotheses), bool)
    for a, b, decision in zip(first, second, decisions, strict=True):
        beaten_by[b, a] = decision == Decision.ABOVE
        beaten_by[a, b] = decision == Decision.BELOW
    left = np.ones(hypotheses, bool)
    for _ in range(hypotheses):
        free = left & ~beaten_by[:, left].any(axis=1)
        if not free.any():
            break
        left &= ~free
    return bool(left.any())
