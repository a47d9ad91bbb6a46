"""The final step: log2 of each group's cut terms, rounded once, from the few rows of its state.

Integers only, those of the cpu's kernels in NumPy: for a thousand groups or a million.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.engines.state_rows import StateRows, state_rows
from consilience.kernels.kernel_tables import load_tables
from consilience.numbers.arrays import CodesAndStatus
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16

__all__ = ["final", "state_codes"]

_WORD = np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)


def final(rows: Any, by: Sequence[str] = ()) -> pa.Table:
    """Return the log sum of each group from the rows of its state; see `state_rows`.

    Rows of many tables, processes and engines may stand together: equal bins are added. Without a
    group column there is one result, also of no rows at all.

    Returns
    -------
    pyarrow.Table
        Columns of `by`, ascending; ``code`` (int32, Q16.16: what `Device.reduce` gives), ``status``
        (uint32, `ResultStatus`), ``count`` of finite codes and of ``zeros`` (int64).

    Raises
    ------
    BadInput, ImpossibleState, CapacityExceeded
        As `state_rows` does.
    """
    states = state_rows(rows, by)
    codes, status = state_codes(states)
    counts = np.zeros(len(codes), np.int64)
    np.add.at(counts, states.group, states.terms)
    table = states.keys.select(list(by)) if by else None
    columns = [] if table is None else list(table.columns)
    return pa.table(
        [*columns, *map(pa.array, (codes, status, counts, states.zeros))],
        [*by, "code", "status", "count", "zeros"],
    )


def state_codes(states: StateRows) -> CodesAndStatus:
    """Return code (int32) and `ResultStatus` (uint32) of each group."""
    groups = states.keys.num_rows
    codes = np.full(groups, Q16_16.log_of_zero, np.int32)
    status = np.zeros(groups, np.uint32)
    top = np.full(groups, np.iinfo(np.int64).min)
    held = states.terms > 0
    np.maximum.at(top, states.group[held], states.bin[held])
    lowest = top - Q16_16.window_bins
    kept = states.bin >= lowest[states.group]
    group, place = states.group[kept], (states.bin - lowest[states.group])[kept]
    halves = np.zeros((2, groups), np.uint64)
    shifted = states.total[kept].astype(np.uint64) << (8 * (place % 4)).astype(np.uint64)
    np.add.at(halves, (place // 4, group), shifted)
    some = np.flatnonzero(np.bincount(group, minlength=groups))
    lower, upper = halves[:, some]
    values = _rounded(upper + (lower >> _WORD), lower & _LOW, top[some])
    codes[some] = np.minimum(values, Q16_16.max_code)
    status[some] = np.where(values > Q16_16.max_code, int(ResultStatus.SATURATED), 0)
    return codes, status


def _rounded(
    high: NDArray[np.uint64], low: NDArray[np.uint64], top: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return log2 of ``high * 2**32 + low`` units of ``2**(8 (top - 7))``; may be too large."""
    tables = load_tables()
    exponent = np.full(len(high), 95, np.int64)
    for step in (32, 16, 8, 4, 2, 1):
        small = high < np.uint64(1 << (64 - step))
        up, rest = np.uint64(step), np.uint64(32 - step)
        high = np.where(small, (high << up) | (low >> rest), high)
        low = np.where(small, (low << up) & _LOW, low)
        exponent -= np.where(small, step, 0)
    fraction = np.searchsorted(tables.upper, high)
    beside = np.minimum(fraction, len(tables.upper) - 1)
    fraction += (tables.upper[beside] == high) & (tables.lower[beside] < low)
    position = exponent + 8 * (top - Q16_16.window_bins)
    return (position << Q16_16.fraction_bits) + fraction
