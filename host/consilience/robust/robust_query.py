"""Robust fusion on a device: what is checked before, and the pairs of H > 2 hypotheses."""

from collections.abc import Callable, Sequence
from math import isqrt
from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.numbers.arrays import Codes
from consilience.numbers.convert import as_codes
from consilience.robust.robust_histogram import RobustHistogram, RobustResult, refuse_too_few
from consilience_hw.spec.number_formats import Decision

__all__ = ["Scan", "robust_over"]

Scan = Callable[[Codes, int, int, int], RobustResult[int]]
"""Ratios (n,), faulty, clip and threshold of one pair to its result."""


def robust_over(
    scan: Scan, ratios: ArrayLike, faulty: int, clip: int, threshold: int | Sequence[int] = 0
) -> RobustResult[int] | RobustResult[NDArray[np.int64]]:
    """Return `Device.robust` with `scan` for each pair."""
    codes = as_codes(ratios, "ratios")
    if codes.ndim not in (1, 2):
        raise BadInput(f"ratios must be (n,) or (n, pairs), not {codes.shape}")
    columns = codes[np.newaxis] if codes.ndim == 1 else codes.T
    pairs = len(columns)
    hypotheses = (1 + isqrt(1 + 8 * pairs)) // 2
    if not pairs or hypotheses * (hypotheses - 1) != 2 * pairs or hypotheses > 16:
        raise BadInput(f"{pairs} pairs are not the pairs of 2 to 16 hypotheses, H (H - 1) / 2")
    RobustHistogram(clip)  # refuses a clip that is none
    try:
        faulty = index(faulty)
        given = threshold if isinstance(threshold, (Sequence, np.ndarray)) else [threshold] * pairs
        limits = [index(limit) for limit in given]
    except TypeError as error:
        raise BadInput("faulty and threshold must be integers (threshold in ulp)") from error
    if len(limits) != pairs:
        raise BadInput(f"threshold must be one integer or {pairs}, not {len(limits)}")
    refuse_too_few(len(codes), faulty)
    scans = [
        scan(np.ascontiguousarray(column), faulty, clip, limit)
        for column, limit in zip(columns, limits, strict=True)
    ]
    if codes.ndim == 1:
        return scans[0]
    decisions = [one.decision for one in scans]
    if _has_circle(decisions, hypotheses):
        decisions = [Decision.UNDECIDED] * pairs
    return RobustResult(
        np.array([one.trimmed_sum for one in scans], np.int64),
        scans[0].trimmed_count,
        np.array([one.low for one in scans], np.int64),
        np.array([one.high for one in scans], np.int64),
        scans[0].unit,
        np.array(decisions, np.int64),
    )


def _has_circle(decisions: Sequence[int], hypotheses: int) -> bool:
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
