"""Sums from which codes go out again, compiled: leave-one-out, and the live state of the cpu.

For Q16.16 with P = 24, B = 8, D = 7, as in `kernels`, and in one file for the same reason.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from consilience.kernels.kernel_tables import PART_BITS, KernelTables
from consilience_hw.spec.flags import ResultStatus, UpdateStep
from consilience_hw.spec.log_format import Q16_16

__all__ = [
    "BINS",
    "COUNT",
    "DAMAGE",
    "HIGHEST",
    "OVER",
    "TALLIES",
    "ZEROS",
    "leave_each_out",
    "update_each",
]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_F = Q16_16.fraction_bits
_FRACTION = Q16_16.fractions - 1
_ZERO = Q16_16.log_of_zero
_MAX = Q16_16.max_code
_CAPACITY = Q16_16.capacity
_TOP_SHIFT = _F + 3  # code to bin of B = 8 bits
_RAISED = np.uint64(63 - Q16_16.mantissa_bits)
_LOW = np.uint64(0xFFFF_FFFF)
_WORD = np.uint64(32)

_PARTS = Q16_16.parts
_FIRST = Q16_16.min_top - _PARTS + 1  # number of the lowest bin
_SPARE = Q16_16.window_bins - _PARTS + 1  # empty bins below it, so that every window is there
BINS = Q16_16.bins + _SPARE + _PARTS - 1
"""Bins of a live state, empty ones below and above those that can be used among them."""
_OFFSET = _SPARE - _FIRST  # from a bin's number to its place

COUNT, ZEROS, HIGHEST, DAMAGE, OVER, TALLIES = range(6)
"""Places of a live state's tallies: finite codes, logs of zero, place of the highest bin that may
hold a term, whether it was impossible, whether above the capacity; and how many these are."""

_LEAVES, _ENTERS = int(UpdateStep.LEAVES), int(UpdateStep.ENTERS)
_SATURATED = int(ResultStatus.SATURATED)
_OVER_CAPACITY = int(ResultStatus.OVER_CAPACITY)
_DAMAGED = int(ResultStatus.DAMAGED)


def _compiled(function: Kernel) -> Kernel:
    return cast(Kernel, numba.njit(cache=True, nogil=True)(function))


def _inlined(function: Kernel) -> Kernel:
    return cast(Kernel, numba.njit(nogil=True, inline="always")(function))


@_inlined
def _rounded(high: np.uint64, low: np.uint64, top: np.int64, tables: KernelTables) -> int:
    """Return log2 of ``high * 2**32 + low`` units of ``2**(8 (top - 7))``; may be above `_MAX`.

    The sum has 57 to 96 bits; its leading one goes to bit 95. Then: how many borders are below it?
    """
    exponent = 95
    step = 32
    while step:
        if high < (np.uint64(1) << np.uint64(64 - step)):
            high = (high << np.uint64(step)) | (low >> np.uint64(32 - step))
            low = (low << np.uint64(step)) & _LOW
            exponent -= step
        step >>= 1
    part = (high >> np.uint64(63 - PART_BITS)) - np.uint64(1 << PART_BITS)
    first = tables.starts[part]
    last = tables.starts[part + np.uint64(1)]
    while first < last:
        middle = (first + last) >> 1
        if high > tables.upper[middle] or (
            high == tables.upper[middle] and low > tables.lower[middle]
        ):
            first = middle + 1
        else:
            last = middle
    return int(((exponent + 8 * (top - 7)) << _F) + first)


@_inlined
def _cut_term(code: np.int32, top: np.int64, mantissas: NDArray[np.uint32]) -> np.uint64:
    """Return the term of a code cut under `top`, in units of ``2**(8 (top - 7))``."""
    below = np.int64(8 * top + 7) - (np.int64(code) >> _F)
    if code == np.int32(_ZERO) or below > 63:
        return np.uint64(0)
    term = np.uint64(mantissas[code & np.int32(_FRACTION)]) << _RAISED
    return np.uint64(term >> np.uint64(below))


@_inlined
def _total(
    codes: NDArray[np.int32], skipped: np.int64, mantissas: NDArray[np.uint32]
) -> tuple[np.int64, np.uint64, np.uint64, np.int64]:
    """Return of all codes but one: top, sum (upper and lower part), place of the only code in the
    top bin or -1. The top is `_ZERO` without a finite code.
    """
    largest = np.int32(_ZERO)
    for place in range(len(codes)):
        if place != skipped:
            largest = max(largest, codes[place])
    top = np.int64(largest) >> _TOP_SHIFT
    if largest == np.int32(_ZERO):
        top = np.int64(_ZERO)
    alone = np.int64(-1)
    highest = 0
    upper = np.uint64(0)
    modulo = np.uint64(0)
    if largest != np.int32(_ZERO):
        for place in range(len(codes)):
            if place != skipped:
                term = _cut_term(codes[place], top, mantissas)
                upper += term >> _WORD
                modulo += term
                if np.int64(codes[place]) >> _TOP_SHIFT == top:
                    highest += 1
                    alone = np.int64(place)
    if highest != 1:
        alone = np.int64(-1)
    low = modulo - (upper << _WORD)
    return top, upper + (low >> _WORD), low & _LOW, alone


@_compiled
def leave_each_out(
    codes: NDArray[np.int32],
    tables: KernelTables,
    sums: NDArray[np.int32],
    status: NDArray[np.uint32],
) -> None:
    """Write the log sum and `ResultStatus` of all codes but number i, for every i.

    The sum of the cut terms is an integer, so one of them can be taken out of it: two passes give
    all results but one. A code alone in the top bin holds up the window; without it the window lies
    lower, and bins that were cut come into it: its others are summed anew.
    """
    top, high, low, alone = _total(codes, np.int64(-1), tables.mantissas)
    for place in range(len(codes)):
        if top == _ZERO:
            value = _ZERO
        elif place == alone:
            other_top, other_high, other_low, _ = _total(codes, np.int64(place), tables.mantissas)
            value = _ZERO
            if other_top != _ZERO:
                value = _rounded(other_high, other_low, other_top, tables)
        else:
            term = _cut_term(codes[place], top, tables.mantissas)
            borrows = np.uint64(low < (term & _LOW))
            rest = (low - (term & _LOW)) & _LOW
            value = _rounded(high - (term >> _WORD) - borrows, rest, top, tables)
        sums[place] = min(value, _MAX)
        status[place] = _SATURATED if value > _MAX else 0


@_inlined
def _change(
    code: np.int64,
    sign: int,
    sums: NDArray[np.int64],
    terms: NDArray[np.int64],
    tallies: NDArray[np.int64],
    mantissas: NDArray[np.uint32],
) -> None:
    """Add a code to a live state, or take it out, and look at the bins that it touches."""
    if code == _ZERO:
        tallies[ZEROS] += sign
        if tallies[ZEROS] < 0:
            tallies[DAMAGE] = 1
        if tallies[ZEROS] > _CAPACITY:
            tallies[OVER] = 1
        return
    tallies[COUNT] += sign
    if tallies[COUNT] > _CAPACITY:
        tallies[OVER] = 1
    own = (code >> _TOP_SHIFT) + _OFFSET
    terms[own] += sign
    if terms[own] < 0:
        tallies[DAMAGE] = 1
    if own > tallies[HIGHEST]:
        tallies[HIGHEST] = own
    digits = np.int64(mantissas[code & _FRACTION]) << ((code >> _F) & 7)
    for part in range(_PARTS):
        place = own - _PARTS + 1 + part
        sums[place] += sign * (digits & 255)
        digits >>= 8
        reaching = 0
        for above in range(_PARTS):
            reaching += terms[place + above]
        if sums[place] < terms[place] or sums[place] < 0 or sums[place] > 255 * reaching:
            tallies[DAMAGE] = 1


@_compiled
def update_each(
    steps: NDArray[np.uint8],
    old: NDArray[np.int32],
    new: NDArray[np.int32],
    sums: NDArray[np.int64],
    terms: NDArray[np.int64],
    tallies: NDArray[np.int64],
    tables: KernelTables,
    codes: NDArray[np.int32],
    status: NDArray[np.uint32],
    finite: NDArray[np.int64],
    zeros: NDArray[np.int64],
) -> None:
    """Take old codes out of a live state and new ones in; write what it is after each update.

    The highest bin is looked for below the one before, so the time does not depend on how many
    codes there are, only on the bins between.
    """
    for update in range(len(steps)):
        if steps[update] & _LEAVES:
            _change(np.int64(old[update]), -1, sums, terms, tallies, tables.mantissas)
        if steps[update] & _ENTERS:
            _change(np.int64(new[update]), 1, sums, terms, tallies, tables.mantissas)
        finite[update] = tallies[COUNT]
        zeros[update] = tallies[ZEROS]
        codes[update] = _ZERO
        status[update] = 0
        if tallies[DAMAGE] or tallies[OVER]:
            status[update] = _DAMAGED * tallies[DAMAGE] | _OVER_CAPACITY * tallies[OVER]
            continue
        if tallies[COUNT] == 0:
            tallies[HIGHEST] = 0
            continue
        top = tallies[HIGHEST]
        while terms[top] == 0:
            top -= 1
        tallies[HIGHEST] = top
        lower = np.uint64(0)
        upper = np.uint64(0)
        for place in range(4):
            shift = np.uint64(8 * place)
            lower += np.uint64(sums[top - 7 + place]) << shift
            upper += np.uint64(sums[top - 3 + place]) << shift
        value = _rounded(upper + (lower >> _WORD), lower & _LOW, top - _OFFSET, tables)
        codes[update] = min(value, _MAX)
        if value > _MAX:
            status[update] = _SATURATED
