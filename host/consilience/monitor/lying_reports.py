"""Increments made of reports of which some lie: corrected so that what is promised still holds.

Both rules give at most what an e-value of the honest reports alone gives, whatever the liars say.
See docs/monitor.md, where the proofs are.
"""

from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.kernels.monitor_kernels import tree_each
from consilience.monitor.statistics import log_add_constants
from consilience.numbers.arrays import Codes, plain_array
from consilience.numbers.convert import as_codes
from consilience.numbers.exact_logarithms import ceil_log2
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import CLIP_BIN, MAX_UNIT

__all__ = ["LEAST_CLIP", "cost_of_clip", "dependent_reports", "independent_reports"]

LEAST_CLIP = 6 * Q16_16.fractions
"""6 bits: each report costs log2(1 + 2**-clip), so that a lower one would cost too much."""
_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code


def independent_reports(
    reports: ArrayLike,
    faulty: int,
    clip: int = 8 * Q16_16.fractions,
    present: ArrayLike | None = None,
    chosen_after: bool = False,
) -> Codes:
    """Return increments from reporters with observations of their own, (observations,) int32.

    ``x = low k - n ceil(65536 log2(1 + 2**(-clip / 65536)))``: of bins ``floor(y / k)``, cut to
    +-128, `low` is the sum less the positive ones among the highest that may lie.

    Parameters
    ----------
    reports : (observations, n) codes
        Of n reporters that are enrolled: increments in one filtration, independent given the past.
    faulty : int
        f: so many of them may lie or be silent at each observation, others at the next.
    clip : int
        128 k in ulp: at least 6 bits, a multiple of 128.
    present : (observations, n) bool, optional
        False where a reporter is silent: it counts among `faulty`. Default: none is.
    chosen_after : bool
        Who lies, or is silent, may depend on what honest reporters observe: costs log2 C(n, f).

    Raises
    ------
    BadInput
        Values out of range; more silent reporters than `faulty`.
    """
    values, here, silent = _checked(reports, faulty, present)
    if clip % CLIP_BIN or not LEAST_CLIP <= clip <= CLIP_BIN * MAX_UNIT:
        raise BadInput(
            f"clip {clip}: a multiple of {CLIP_BIN} ulp, {LEAST_CLIP} (6 bits) to "
            f"{CLIP_BIN * MAX_UNIT}"
        )
    unit, enrolled = clip // CLIP_BIN, values.shape[1]
    bins = np.clip(values.astype(np.int64) // unit, -CLIP_BIN, CLIP_BIN)
    bins[~here] = -CLIP_BIN - 1  # below all others
    ascending = np.sort(bins, axis=1)
    may_lie = np.arange(enrolled) >= (enrolled - faulty + silent)[:, np.newaxis]
    dropped = (ascending < -CLIP_BIN) | (may_lie & (ascending > 0))
    low = np.where(dropped, 0, ascending).sum(axis=1)
    cost = enrolled * cost_of_clip(clip)
    if chosen_after:
        cost += ceil_log2(comb(enrolled, faulty))
    return _cut(low * unit - cost)


def dependent_reports(reports: ArrayLike, faulty: int, present: ArrayLike | None = None) -> Codes:
    """Return increments from reporters of one observation, or of any dependence: (observations,).

    The tree of L, ascending, over the n - f lowest of those present, less
    ``ceil(65536 log2 n)``: what is left of their mean. Who lies may depend on all that is observed.

    Parameters
    ----------
    reports : (observations, n) codes
        Of n reporters that are enrolled: increments in one filtration.
    faulty, present
        See `independent_reports`.

    Raises
    ------
    BadInput
        Values out of range; more silent reporters than `faulty`.
    """
    values, here, _ = _checked(reports, faulty, present)
    # Silent ones are last: of those present, n - s, the f - s highest are left out.
    ascending = np.sort(np.where(here, values, _MAX), axis=1)
    enrolled = values.shape[1]
    totals = np.empty(len(values), np.int32)
    kept = np.ascontiguousarray(ascending[:, : enrolled - faulty])
    tree_each(kept, log_add_constants(), totals)
    found = _cut(totals.astype(np.int64) - ceil_log2(enrolled))
    found[totals == _ZERO] = _ZERO
    return found


def _checked(
    reports: ArrayLike, faulty: int, present: ArrayLike | None
) -> tuple[Codes, NDArray[np.bool_], NDArray[np.int64]]:
    """Return codes, which are there, and how many are silent at each observation."""
    values = as_codes(reports, "reports")
    if values.ndim != 2:
        raise BadInput(f"reports are (observations, reporters), not of shape {values.shape}")
    enrolled = values.shape[1]
    if not 0 <= faulty < enrolled:
        raise BadInput(f"{faulty} faulty of {enrolled} reporters: 0 or more, and fewer than all")
    here = np.ones(values.shape, np.bool_) if present is None else plain_array(present, "present")
    if here.shape != values.shape or here.dtype != np.bool_:
        raise BadInput(f"present is {here.dtype} {here.shape}: give bool, one for each report")
    silent = enrolled - np.count_nonzero(here, axis=1).astype(np.int64)
    if (silent > faulty).any():
        place = int(np.argmax(silent > faulty))
        raise BadInput(
            f"observation {place}: {silent[place]} silent reporters, of {faulty} that may be "
            "faulty; give no increment for it, or allow for more"
        )
    return values, here, silent


def cost_of_clip(clip: int) -> int:
    """Return ``ceil(65536 log2(1 + 2**(-clip / 65536)))``: no whole number, so its floor + 1."""
    floor = np.empty(1, np.int32)
    tree_each(np.array([[0, -clip]], np.int64).astype(np.int32), log_add_constants(), floor)
    return int(floor[0]) + 1


def _cut(increments: NDArray[np.int64]) -> Codes:
    """Return whole numbers as codes: what is too low is the log of zero, never the lowest code."""
    low = np.where(increments < Q16_16.min_code, _ZERO, np.minimum(increments, _MAX))
    return low.astype(np.int32)
