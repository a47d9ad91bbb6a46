"""Exact log sums and posteriors of many segments, compiled: the arithmetic of the cpu device.

For Q16.16 with P = 24, B = 8, D = 7: a cut term is an integer below 2**64. No floating point. One
file, since numba's cache of a kernel does not see changes of another file.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from consilience.kernels.kernel_tables import PART_BITS, KernelTables
from consilience_hw.spec.flags import CLAMPS_SHIFT, ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE, WEIGHT_BITS

__all__ = ["difference_segments", "posterior_segments", "sum_segments"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_F = Q16_16.fraction_bits
_FRACTION = Q16_16.fractions - 1
_ZERO = Q16_16.log_of_zero
_MIN = Q16_16.min_code
_MAX = Q16_16.max_code
_TOP_SHIFT = _F + 3  # code to bin of B = 8 bits
_RAISED = np.uint64(63 - Q16_16.mantissa_bits)
_LOW = np.uint64(0xFFFF_FFFF)
_CHUNK = 1 << 15  # codes, 128 KiB: their second reading and the mantissas come from level 2 cache
_WORD = np.uint64(32)
_HALF = ONE >> 1
_FAR = 1 << 32  # beyond it a difference is clamped, whatever it is

_SATURATED = int(ResultStatus.SATURATED)
_IMPOSSIBLE = int(ResultStatus.IMPOSSIBLE)
_CLAMPED = int(ResultStatus.CLAMPED)
_CLAMPS = CLAMPS_SHIFT


def _compiled(function: Kernel) -> Kernel:
    return cast(Kernel, numba.njit(cache=True, nogil=True)(function))


def _inlined(function: Kernel) -> Kernel:
    """Compile as part of the caller: a call of its own counts references, 0.1 us each time."""
    return cast(Kernel, numba.njit(nogil=True, inline="always")(function))


@_inlined
def _largest(codes: NDArray[np.int32]) -> int:
    """Return the largest code, or `_ZERO` if none is finite (or there is none)."""
    largest = _ZERO
    for code in codes:
        largest = max(largest, code)
    return largest


@_inlined
def _cut_sums(
    codes: NDArray[np.int32], mantissas: NDArray[np.uint32], top: np.int64
) -> tuple[np.uint64, np.uint64]:
    """Return the sum of the terms cut under `top`: that of their upper halves, and modulo 2**64.

    Without a branch, so that it is compiled to vector instructions. A term of the highest position
    under the top has its leading one in bit 63, all others are as much lower as their position.
    """
    highest = np.int32(8 * top + 7)
    upper = np.uint64(0)
    modulo = np.uint64(0)
    for place in range(len(codes)):
        code = codes[place]
        # Above 63 also where the position is above the top's, which the caller rules out.
        below = np.uint32(highest - np.int32(code >> np.int32(_F)))
        term = np.uint64(mantissas[code & np.int32(_FRACTION)]) << _RAISED
        inside = (below < np.uint32(64)) & (code != np.int32(_ZERO))
        term = term >> np.uint64(below) if inside else np.uint64(0)
        upper += term >> _WORD
        modulo += term
    return upper, modulo


@_inlined
def _log_sum(codes: NDArray[np.int32], tables: KernelTables) -> int:
    """Return the log sum as a code that may be above the largest.

    One pass over memory: every chunk is added up under the highest top so far. What was added
    under a lower top than the last was cut too low, and is added up once more.
    """
    top = np.int64(_ZERO)
    rise = 0
    high = np.uint64(0)
    modulo = np.uint64(0)
    for start in range(0, len(codes), _CHUNK):
        chunk = codes[start : start + _CHUNK]
        largest = _largest(chunk)
        if largest == _ZERO:
            continue
        if np.int64(largest) >> _TOP_SHIFT > top:
            top = np.int64(largest) >> _TOP_SHIFT
            rise = start
            high = np.uint64(0)
            modulo = np.uint64(0)
        sums = _cut_sums(chunk, tables.mantissas, top)
        high += sums[0]
        modulo += sums[1]
    if top == _ZERO:
        return _ZERO
    for start in range(0, rise, _CHUNK):
        sums = _cut_sums(codes[start : min(start + _CHUNK, rise)], tables.mantissas, top)
        high += sums[0]
        modulo += sums[1]
    # The lower halves of up to 2**32 terms add up to less than 2**64: what is left of the sum.
    low = modulo - (high << _WORD)
    high += low >> _WORD
    low &= _LOW
    # The sum, high * 2**32 + low, has 57 to 96 bits; its leading one goes to bit 95.
    exponent = 95
    step = 32
    while step:
        if high < (np.uint64(1) << np.uint64(64 - step)):
            high = (high << np.uint64(step)) | (low >> np.uint64(32 - step))
            low = (low << np.uint64(step)) & _LOW
            exponent -= step
        step >>= 1
    # How many borders are below it, to be sought among those of its part.
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


@_compiled
def sum_segments(
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    tables: KernelTables,
    sums: NDArray[np.int32],
    status: NDArray[np.uint32],
) -> None:
    """Write the log sum and `ResultStatus` of every ``codes[offsets[k]:offsets[k + 1]]``."""
    for segment in range(len(sums)):
        code = _log_sum(codes[offsets[segment] : offsets[segment + 1]], tables)
        sums[segment] = min(code, _MAX)
        status[segment] = _SATURATED if code > _MAX else 0


@_inlined
def _differences(
    evidence: NDArray[np.int32],
    first: int,
    last: int,
    prior: NDArray[np.int32],
    weight: NDArray[np.uint32],
    high: NDArray[np.int64],
    low: NDArray[np.int64],
    possible: NDArray[np.bool_],
    d: NDArray[np.int32],
) -> int:
    """Write d[h] of the rows first .. last - 1; return how many were clamped.

    -1 if no hypothesis is possible; then d means nothing. `high`, `low`, `possible`: (H,), to work
    in. L[h] is kept as ``high * 2**16 + low``: the products' low 16 bits are summed apart, so that
    2**32 rows cannot overflow.
    """
    hypotheses = evidence.shape[1]
    for h in range(hypotheses):
        possible[h] = prior[h] != _ZERO
        high[h] = prior[h]
        low[h] = 0
    for row in range(first, last):
        w = np.int64(weight[row]) if len(weight) else np.int64(ONE)
        if w == 0:
            continue
        for h in range(hypotheses):
            code = evidence[row, h]
            if code == _ZERO:
                possible[h] = False
            else:
                product = np.int64(code) * w
                high[h] += product >> WEIGHT_BITS
                low[h] += product & (ONE - 1)
    best = -1
    for h in range(hypotheses):
        high[h] += low[h] >> WEIGHT_BITS
        low[h] &= ONE - 1
        if possible[h] and (
            best < 0 or high[h] > high[best] or (high[h] == high[best] and low[h] > low[best])
        ):
            best = h
    clamps = -1 if best < 0 else 0
    for h in range(hypotheses):
        d[h] = _ZERO
        if possible[h]:
            rest = low[h] - low[best]
            # The difference of two sums can be wider than both: half of it is not.
            if (high[best] >> 1) - (high[h] >> 1) > _FAR:
                quotient = np.int64(-2 * _FAR)
            else:
                quotient = high[h] - high[best] + (rest >> WEIGHT_BITS)
            rest &= ONE - 1
            if rest > _HALF or (rest == _HALF and quotient & 1):
                quotient += 1
            if quotient < _MIN:
                quotient = np.int64(_MIN)
                clamps += 1
            d[h] = quotient
    return clamps


@_compiled
def posterior_segments(
    evidence: NDArray[np.int32],
    offsets: NDArray[np.int64],
    prior: NDArray[np.int32],
    weight: NDArray[np.uint32],
    tables: KernelTables,
    posterior: NDArray[np.int32],
    status: NDArray[np.uint32],
) -> None:
    """Write the posterior and status word of every agent; `weight` may be empty: all are 1."""
    hypotheses = evidence.shape[1]
    high = np.empty(hypotheses, np.int64)
    low = np.empty(hypotheses, np.int64)
    possible = np.empty(hypotheses, np.bool_)
    d = np.empty(hypotheses, np.int32)
    for agent in range(len(status)):
        first, last = offsets[agent], offsets[agent + 1]
        clamps = _differences(evidence, first, last, prior, weight, high, low, possible, d)
        if clamps < 0:
            posterior[agent, :] = _ZERO
            status[agent] = _IMPOSSIBLE
            continue
        total = np.int64(_log_sum(d, tables))
        for h in range(hypotheses):
            posterior[agent, h] = _ZERO
            if possible[h]:
                value = np.int64(d[h]) - total
                if value < _MIN:
                    value = np.int64(_MIN)
                    clamps += 1
                posterior[agent, h] = value
        status[agent] = (_CLAMPED if clamps else 0) | clamps << _CLAMPS


@_compiled
def difference_segments(
    evidence: NDArray[np.int32],
    offsets: NDArray[np.int64],
    prior: NDArray[np.int32],
    weight: NDArray[np.uint32],
    d: NDArray[np.int32],
    clamps: NDArray[np.int64],
) -> None:
    """Write d[h] of every agent and how many were clamped, -1 where nothing is possible.

    What `posterior_segments` takes the log sum of; there d is the log of zero for all hypotheses.
    """
    hypotheses = evidence.shape[1]
    high = np.empty(hypotheses, np.int64)
    low = np.empty(hypotheses, np.int64)
    possible = np.empty(hypotheses, np.bool_)
    for agent in range(len(clamps)):
        first, last = offsets[agent], offsets[agent + 1]
        clamps[agent] = _differences(
            evidence, first, last, prior, weight, high, low, possible, d[agent]
        )
