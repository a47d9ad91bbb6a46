"""Log sums of natural logarithms, compiled: their codes are made in the same pass.

No float but in the conversion, which is that of `quantising`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled, inlined
from consilience.kernels.kernel_tables import KernelTables
from consilience.kernels.quantising import LARGEST, LOG2_E, ONE
from consilience.kernels.sum_kernels import _cut_total, _few_total, _largest, _rounded
from consilience.kernels.vector_terms import cut_sums
from consilience.numbers.arrays import Codes, Words
from consilience_hw.spec.log_format import Q16_16

__all__ = [
    "ABOVE",
    "BELOW",
    "INFINITE",
    "NOT_A_NUMBER",
    "SATURATED",
    "Floats",
    "code_of",
    "flag_of",
    "is_odd",
    "sum_rows",
    "total_of_floats",
]

NOT_A_NUMBER, INFINITE, ABOVE, BELOW, SATURATED = 1, 2, 4, 8, 16
"""Flags of a row: it has a NaN, +infinity, a finite value beyond the largest or the lowest code; or
its sum is beyond the largest."""

_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
_TOP_SHIFT = Q16_16.fraction_bits + 3
_WORD = np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)
_CHUNK = 1 << 12  # values at a time: their codes stay in level 1 cache
_FEW = 16

Floats = NDArray[np.floating[Any]]


@inlined
def code_of(value: np.float64) -> np.int32:
    """Return the code of a value, the nearest where it is beyond all."""
    scaled = np.rint((value * LOG2_E) * ONE)
    clipped = min(max(scaled, -LARGEST), LARGEST)
    return np.int32(_ZERO) if value == -np.inf else np.int32(clipped)


@inlined
def is_odd(value: np.float64) -> Any:  # a bool
    """Return whether a value is NaN, +infinity or beyond the codes."""
    return ~(abs(np.rint((value * LOG2_E) * ONE)) <= LARGEST) & (value != -np.inf)


@inlined
def flag_of(value: np.float64) -> int:
    """Return what is odd about a value."""
    scaled = np.rint((value * LOG2_E) * ONE)
    if value != value:
        return NOT_A_NUMBER
    if value == np.inf:
        return INFINITE
    if scaled > LARGEST:
        return ABOVE
    return BELOW if scaled < -LARGEST and value != -np.inf else 0


@inlined
def _taken(values: Floats, codes: Codes) -> int:
    """Write the codes of values; return how many are odd."""
    odd = 0
    for place in range(len(values)):
        value = np.float64(values[place])
        odd += is_odd(value)
        codes[place] = code_of(value)
    return odd


@inlined
def _flags(values: Floats, start: int, stop: int) -> int:
    flags = 0
    for place in range(start, stop):
        flags |= flag_of(np.float64(values[place]))
    return flags


@inlined
def _row_total(
    values: Floats, least: np.int64, codes: Codes
) -> tuple[np.int64, np.uint64, np.uint64, int]:
    """Return `_cut_total` of the codes of values, which are made on the way, and their flags."""
    found = 0
    top = least
    high = np.uint64(0)
    modulo = np.uint64(0)
    start = 0
    stop = len(values)
    rise = 0
    while start < stop:
        chunk = values[start : min(start + _CHUNK, stop)]
        made = codes[: len(chunk)]
        if _taken(chunk, made):
            found |= _flags(chunk, 0, len(chunk))
        if top == _ZERO:
            largest = _largest(made)
        else:
            largest, upper, part = cut_sums(made, top)
            high += upper
            modulo += part
        if largest != _ZERO and np.int64(largest) >> _TOP_SHIFT > top:
            top = np.int64(largest) >> _TOP_SHIFT
            rise = start
            high = np.uint64(0)
            modulo = np.uint64(0)
            continue
        start += _CHUNK
        if start >= stop:
            start, stop, rise = 0, rise, 0
    low = modulo - (high << _WORD)
    return top, high + (low >> _WORD), low & _LOW, found


@compiled
def total_of_floats(values: Floats, least: np.int64) -> tuple[np.int64, np.uint64, np.uint64, int]:
    """Return `_row_total`: what a part of a row adds to the sum of all."""
    codes = np.empty(min(len(values), _CHUNK), np.int32)
    return _row_total(values, least, codes)


@compiled
def sum_rows(values: Floats, length: int, tables: KernelTables, sums: Codes, flags: Words) -> None:
    """Write the log sum of the codes of every row, and what is odd about it.

    Where a flag is NOT_A_NUMBER or INFINITE, the sum is not to be used.

    Parameters
    ----------
    values : (rows * length,) float32 or float64
        In nats.
    sums, flags : (rows,)
    """
    codes = np.empty(min(len(values), _CHUNK), np.int32)
    rows = _CHUNK // max(length, 1)
    if rows:
        for first in range(0, len(sums), rows):
            last = min(first + rows, len(sums))
            odd = _taken(values[first * length : last * length], codes)
            for row in range(first, last):
                start = (row - first) * length
                stop = start + length
                if length <= _FEW:
                    top, high, low = _few_total(codes, start, stop, tables.mantissas)
                else:
                    top, high, low = _cut_total(codes[start:stop], np.int64(_ZERO))
                code = _ZERO if top == _ZERO else _rounded(high, low, top, tables)
                sums[row] = min(code, _MAX)
                flags[row] = SATURATED if code > _MAX else 0
                if odd:
                    flags[row] |= _flags(values, row * length, (row + 1) * length)
        return
    for row in range(len(sums)):
        part = values[row * length : (row + 1) * length]
        top, high, low, found = _row_total(part, np.int64(_ZERO), codes)
        code = _ZERO if top == _ZERO else _rounded(high, low, top, tables)
        sums[row] = min(code, _MAX)
        flags[row] = found | (SATURATED if code > _MAX else 0)
