"""Exact log sums, compiled: of segments, of all codes but one, and of a live state.

For Q16.16 with P = 24, B = 8, D = 7: a cut term is an integer below 2**64. Few codes have their
mantissas from the table, many from `vector_terms`.
"""

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled, inlined
from consilience.kernels.instructions import leading_zeros
from consilience.kernels.kernel_tables import PART_BITS, KernelTables
from consilience.kernels.vector_terms import cut_sums
from consilience.numbers.arrays import Codes, Offsets, Words
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
    "sum_segments",
    "total_of",
    "update_each",
]

_F = Q16_16.fraction_bits
_FRACTION = Q16_16.fractions - 1
_ZERO = Q16_16.log_of_zero
_MAX = Q16_16.max_code
_CAPACITY = Q16_16.capacity
_TOP_SHIFT = _F + 3  # code to bin of B = 8 bits
_RAISED = np.uint64(63 - Q16_16.mantissa_bits)
_LOW = np.uint64(0xFFFF_FFFF)
_WORD = np.uint64(32)
_FEW = 16
_PART_SHIFT = np.uint64(63 - PART_BITS)
_WITHIN = np.uint64((1 << (63 - PART_BITS)) - 1)
_GUESS_SHIFT = np.uint64(63 - PART_BITS - 32)
_CHUNK = 1 << 13  # codes, 32 KiB: a second reading comes from level 1 cache

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


@inlined
def _largest(codes: Codes) -> np.int32:
    """Return the largest code, or `_ZERO` if none is finite (or there is none).

    By index: a loop over the values themselves is not compiled to vector instructions.
    """
    largest = np.int32(_ZERO)
    for place in range(len(codes)):
        largest = max(largest, codes[place])
    return largest


@inlined
def _cut_term(code: np.int32, top: np.int64, mantissas: Words) -> np.uint64:
    """Return the term of a code, cut under the top.

    Without a branch, so that loops are compiled to vector instructions. A term of the highest
    position under the top has its leading one in bit 63, all others lower by their position.
    """
    highest = np.int32(8 * top + 7)
    # Above 63 also where the position is above the top's, which the caller rules out.
    below = np.uint32(highest - np.int32(code >> np.int32(_F)))
    term = np.uint64(mantissas[code & np.int32(_FRACTION)]) << _RAISED
    inside = (below < np.uint32(64)) & (code != np.int32(_ZERO))
    return term >> np.uint64(below) if inside else np.uint64(0)


@inlined
def _cut_total(codes: Codes, least: np.int64) -> tuple[np.int64, np.uint64, np.uint64]:
    """Return the top and the sum of all terms cut under it, its upper part and its low 32 bits.

    The top is at least `least`: without a finite code that is the top, and the sum 0.

    One pass over memory: every chunk is added up under the highest top so far, and anew where it
    has a higher one itself. What was added under a lower top than the last was cut too low, and is
    added up once more.
    """
    top = least
    high = np.uint64(0)
    modulo = np.uint64(0)
    start = 0
    stop = len(codes)
    rise = 0
    while start < stop:
        chunk = codes[start : min(start + _CHUNK, stop)]
        if top == _ZERO:
            largest = _largest(chunk)
        else:
            largest, upper, part = cut_sums(chunk, top)
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
    # The lower halves of up to 2**32 terms add up to less than 2**64: what is left of the sum.
    low = modulo - (high << _WORD)
    return top, high + (low >> _WORD), low & _LOW


@inlined
def _few_total(
    codes: Codes, start: int, stop: int, mantissas: Words
) -> tuple[np.int64, np.uint64, np.uint64]:
    """Return `_cut_total` of a few codes: a slice of them and loops in vectors would cost more."""
    top = np.int64(_ZERO)
    largest = np.int32(_ZERO)
    for place in range(start, stop):
        largest = max(largest, codes[place])
    high = np.uint64(0)
    low = np.uint64(0)
    if largest != _ZERO:
        top = np.int64(largest) >> _TOP_SHIFT
        for place in range(start, stop):
            term = _cut_term(codes[place], top, mantissas)
            high += term >> _WORD
            low += term & _LOW
    return top, high + (low >> _WORD), low & _LOW


@inlined
def _rounded(high: np.uint64, low: np.uint64, top: np.int64, tables: KernelTables) -> int:
    """Return log2 of ``high * 2**32 + low`` units of ``2**(8 (top - 7))``; may be above `_MAX`.

    The sum has 57 to 96 bits; its leading one goes to bit 95. Then: how many borders are below it?
    """
    zeros = leading_zeros(high)
    tail = low << _WORD
    # In two steps: a shift by 64 is none.
    high = (high << zeros) | ((tail >> np.uint64(1)) >> (np.uint64(63) - zeros))
    tail <<= zeros
    part = (high >> _PART_SHIFT) - np.uint64(1 << PART_BITS)
    first = tables.starts[part]
    last = tables.starts[part + np.uint64(1)]
    # The borders of a part lie about evenly: this is one beside the place, at most.
    place = first + np.int64(((high & _WITHIN) >> _GUESS_SHIFT) * np.uint64(last - first) >> _WORD)
    while place < last and (
        high > tables.upper[place]
        or (high == tables.upper[place] and tail >> _WORD > tables.lower[place])
    ):
        place += 1
    while place > first and (
        high < tables.upper[place - 1]
        or (high == tables.upper[place - 1] and tail >> _WORD <= tables.lower[place - 1])
    ):
        place -= 1
    return int(((np.int64(95 - zeros) + 8 * (top - 7)) << _F) + place)


@compiled
def sum_segments(
    codes: Codes, offsets: Offsets, tables: KernelTables, sums: Codes, status: Words
) -> None:
    """Write the log sum and `ResultStatus` of every ``codes[offsets[k]:offsets[k + 1]]``."""
    for segment in range(len(sums)):
        start, stop = offsets[segment], offsets[segment + 1]
        if stop - start <= _FEW:
            top, high, low = _few_total(codes, start, stop, tables.mantissas)
        else:
            top, high, low = _cut_total(codes[start:stop], np.int64(_ZERO))
        code = _ZERO if top == _ZERO else _rounded(high, low, top, tables)
        sums[segment] = min(code, _MAX)
        status[segment] = _SATURATED if code > _MAX else 0


@compiled
def total_of(codes: Codes, least: np.int64) -> tuple[np.int64, np.uint64, np.uint64]:
    """Return `_cut_total`: what a part of the codes adds to the sum of all."""
    return _cut_total(codes, least)


@compiled
def leave_each_out(codes: Codes, tables: KernelTables, sums: Codes, status: Words) -> None:
    """Write the log sum and `ResultStatus` of all codes but number i, for every i.

    The sum of the cut terms is an integer, so one of them can be taken out of it: two passes give
    all results but one. A code alone in the top bin holds up the window; without it the window lies
    lower, and bins that were cut come into it: its others are summed anew.
    """
    top, high, low = _cut_total(codes, np.int64(_ZERO))
    in_top = 0
    alone = -1
    for place in range(len(codes)):
        # A log of zero has the bin of the lowest codes and is in none.
        if codes[place] != _ZERO and np.int64(codes[place]) >> _TOP_SHIFT == top:
            in_top += 1
            alone = place
    for place in range(len(codes)):
        left_top = top
        if place == alone and in_top == 1:
            others = np.concatenate((codes[:place], codes[place + 1 :]))
            left_top, left_high, left_low = _cut_total(others, np.int64(_ZERO))
        else:
            term = _cut_term(codes[place], top, tables.mantissas)
            borrows = np.uint64(low < (term & _LOW))
            left_low = (low - (term & _LOW)) & _LOW
            left_high = high - (term >> _WORD) - borrows
        value = _ZERO
        if left_top != _ZERO:
            value = _rounded(left_high, left_low, left_top, tables)
        sums[place] = min(value, _MAX)
        status[place] = _SATURATED if value > _MAX else 0


@inlined
def _change(
    code: np.int64,
    sign: int,
    sums: NDArray[np.int64],
    terms: NDArray[np.int64],
    tallies: NDArray[np.int64],
    mantissas: Words,
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


@compiled
def update_each(
    steps: NDArray[np.uint8],
    old: Codes,
    new: Codes,
    sums: NDArray[np.int64],
    terms: NDArray[np.int64],
    tallies: NDArray[np.int64],
    tables: KernelTables,
    codes: Codes,
    status: Words,
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
