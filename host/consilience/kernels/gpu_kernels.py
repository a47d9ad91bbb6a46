"""Exact log sums for CUDA, in numba: bins of a window in two registers, no carries, one pass.

A window of eight bins is two words of four lanes of 16 bits. A term adds its four digits to lanes;
256 terms fill none. When a higher top comes, both words are shifted, and what leaves the window is
what the cut takes away. So threads and blocks need no common top before the end. Mantissas come
from the gateware's three fitted tables, 12 KB of a block's shared memory (`exp2_rom`).

Written for compiled code: every constant has the type of what it meets, for numba makes floats of
signed and unsigned words of 64 bits.
"""

import numpy as np
from numba import cuda

from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16

__all__ = ["LANE_TERMS", "TABLE", "THREADS", "sum_pieces", "sum_rows", "sum_states", "take_out"]

LANE_TERMS = 256
"""Terms that a lane of 16 bits holds, 255 each."""
THREADS = 128
"""Of a block."""
TABLE = 1024
"""Words of each fitted table."""

_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
_NO_TOP = -(1 << 20)
_SATURATED = int(ResultStatus.SATURATED)
_FRACTIONS = Q16_16.fractions
_LOW = np.uint64(0xFFFF_FFFF)
_WORD = np.uint64(32)
_NOTHING = np.uint64(0)
_LANE = np.uint64(0xFFFF)
_PAIRS = np.uint64(0x0000_FFFF_0000_FFFF)
_BYTES = np.uint64(0x00FF_00FF_00FF_00FF)
_HALF_LANES, _LANES = np.uint64(8), np.uint64(16)


@cuda.jit(device=True)
def _load(base, slope, bend, own_base, own_slope, own_bend):  # type: ignore[no-untyped-def]
    """Copy the fitted tables to the block's shared memory."""
    for place in range(cuda.threadIdx.x, TABLE, cuda.blockDim.x):
        own_base[place] = base[place]
        own_slope[place] = slope[place]
        own_bend[place] = bend[place]
    cuda.syncthreads()


@cuda.jit(device=True)
def _digits(code, base, slope, bend, fine):  # type: ignore[no-untyped-def]
    """Return the four digits of a code's term, each in a lane of its own."""
    interval = (code & 0xFFFF) >> 6
    low = code & 63
    fold = min(low, 63 - low)
    chord = (np.int64(base[interval]) << 3) + np.int64(slope[interval]) * low
    mantissa = (chord - (np.int64(bend[(interval >> 5) * 32 + fold]) << 3)) >> fine
    term = np.uint64(mantissa << ((code >> 16) & 7))
    term = (term | (term << _LANES)) & _PAIRS
    return (term | (term << _HALF_LANES)) & _BYTES


@cuda.jit(device=True)
def _lowered(high, low, bins):  # type: ignore[no-untyped-def]
    """Return the lanes of a window under a top that is so many bins higher."""
    if bins >= 8:
        return _NOTHING, _NOTHING
    if bins >= 4:
        return _NOTHING, high >> np.uint64(16 * (bins - 4))
    if bins == 0:
        return high, low
    shift = np.uint64(16 * bins)
    return high >> shift, (low >> shift) | (high << np.uint64(64 - 16 * bins))


@cuda.jit(device=True)
def _lanes(codes, first, stop, step, base, slope, bend, fine):  # type: ignore[no-untyped-def]
    """Return the top and the lanes of every `step`-th code, of which there are 256 at most."""
    top = np.int64(_NO_TOP)
    high = _NOTHING
    low = _NOTHING
    for place in range(first, stop, step):
        code = np.int64(codes[place])
        if code != _ZERO:
            own = code >> 19
            if own > top:
                high, low = _lowered(high, low, own - top)
                top = own
            upper, lower = _lowered(_digits(code, base, slope, bend, fine), _NOTHING, top - own)
            high += upper
            low += lower
    return top, high, low


@cuda.jit
def sum_pieces(codes, offsets, base, slope, bend, fine, tops, bins):  # type: ignore[no-untyped-def]
    """Write top and bins of the window of every piece, one a block, of THREADS * 256 codes at most.

    tops int64 (pieces,), bins uint64 (pieces, 8), lowest first.
    """
    own_base = cuda.shared.array(TABLE, np.uint32)
    own_slope = cuda.shared.array(TABLE, np.uint32)
    own_bend = cuda.shared.array(TABLE, np.uint32)
    highest = cuda.shared.array(1, np.int32)
    cells = cuda.shared.array(8, np.uint32)
    thread = cuda.threadIdx.x
    piece = cuda.blockIdx.x
    if thread < 8:
        cells[thread] = 0
    if thread == 0:
        highest[0] = _NO_TOP
    _load(base, slope, bend, own_base, own_slope, own_bend)
    first, stop = offsets[piece], offsets[piece + 1]
    top, high, low = _lanes(
        codes, first + thread, stop, cuda.blockDim.x, own_base, own_slope, own_bend, fine
    )
    cuda.atomic.max(highest, 0, np.int32(top))
    cuda.syncthreads()
    if top != _NO_TOP:
        high, low = _lowered(high, low, np.int64(highest[0]) - top)
        for lane in range(4):
            shift = np.uint64(16 * lane)
            cuda.atomic.add(cells, lane, np.uint32((low >> shift) & _LANE))
            cuda.atomic.add(cells, 4 + lane, np.uint32((high >> shift) & _LANE))
    cuda.syncthreads()
    if thread < 8:
        bins[piece, thread] = np.uint64(cells[thread])
    if thread == 0:
        tops[piece] = np.int64(highest[0])


@cuda.jit(device=True)
def _rounded(high, low, top, upper, lower):  # type: ignore[no-untyped-def]
    """Return log2 of ``high * 2**32 + low`` units of ``2**(8 (top - 7))``; may be above _MAX."""
    exponent = np.int64(95)
    step = 32
    while step:
        if high < (np.uint64(1) << np.uint64(64 - step)):
            high = (high << np.uint64(step)) | (low >> np.uint64(32 - step))
            low = (low << np.uint64(step)) & _LOW
            exponent -= step
        step >>= 1
    first = np.int64(0)
    last = np.int64(_FRACTIONS)
    while first < last:
        middle = (first + last) >> 1
        if high > upper[middle] or (high == upper[middle] and low > lower[middle]):
            first = middle + 1
        else:
            last = middle
    return ((exponent + 8 * (top - 7)) << 16) + first


@cuda.jit(device=True)
def _write(place, top, high, low, upper, lower, codes, status):  # type: ignore[no-untyped-def]
    """Write code and status of one sum: the log of zero without a top."""
    if top == _NO_TOP:
        codes[place] = _ZERO
        status[place] = 0
        return
    value = _rounded(high, low, top, upper, lower)
    codes[place] = min(value, _MAX)
    status[place] = _SATURATED if value > _MAX else 0


@cuda.jit
def sum_states(tops, bins, starts, upper, lower, codes, status):  # type: ignore[no-untyped-def]
    """Write code and status of every segment, one a thread, from its pieces' tops and bins."""
    segment = cuda.grid(1)
    if segment >= len(codes):
        return
    top = np.int64(_NO_TOP)
    for piece in range(starts[segment], starts[segment + 1]):
        top = max(top, tops[piece])
    high = _NOTHING
    low = _NOTHING
    for piece in range(starts[segment], starts[segment + 1]):
        raised = top - tops[piece]
        for slot in range(raised, 8):
            # A bin of 40 bits at most, 32 bits of which may go into the lower half.
            place = slot - raised
            cell = bins[piece, slot]
            if place < 4:
                low += cell << np.uint64(8 * place)
            else:
                high += cell << np.uint64(8 * (place - 4))
    _write(segment, top, high + (low >> _WORD), low & _LOW, upper, lower, codes, status)


@cuda.jit
def sum_rows(  # type: ignore[no-untyped-def]
    values, offsets, base, slope, bend, fine, upper, lower, codes, status
):
    """Write code and status of every segment, one a thread, of 256 codes at most."""
    own_base = cuda.shared.array(TABLE, np.uint32)
    own_slope = cuda.shared.array(TABLE, np.uint32)
    own_bend = cuda.shared.array(TABLE, np.uint32)
    _load(base, slope, bend, own_base, own_slope, own_bend)
    row = cuda.grid(1)
    if row >= len(codes):
        return
    top, above, below = _lanes(
        values, offsets[row], offsets[row + 1], 1, own_base, own_slope, own_bend, fine
    )
    high = _NOTHING
    low = _NOTHING
    for lane in range(4):
        shift, place = np.uint64(16 * lane), np.uint64(8 * lane)
        high += ((above >> shift) & _LANE) << place
        low += ((below >> shift) & _LANE) << place
    _write(row, top, high + (low >> _WORD), low & _LOW, upper, lower, codes, status)


@cuda.jit
def take_out(  # type: ignore[no-untyped-def]
    values, top, high, low, base, slope, bend, fine, upper, lower, codes, status
):
    """Write code and status of all codes but number i, for every i whose absence keeps the top."""
    own_base = cuda.shared.array(TABLE, np.uint32)
    own_slope = cuda.shared.array(TABLE, np.uint32)
    own_bend = cuda.shared.array(TABLE, np.uint32)
    _load(base, slope, bend, own_base, own_slope, own_bend)
    place = cuda.grid(1)
    if place >= len(codes):
        return
    code = np.int64(values[place])
    above, below = high[0], low[0]
    if code != _ZERO:
        own = code >> 19
        digits = _digits(code, own_base, own_slope, own_bend, fine)
        upper_lanes, lower_lanes = _lowered(digits, _NOTHING, top - own)
        term_high = _NOTHING
        term_low = _NOTHING
        for lane in range(4):
            shift, bit = np.uint64(16 * lane), np.uint64(8 * lane)
            term_high += ((upper_lanes >> shift) & _LANE) << bit
            term_low += ((lower_lanes >> shift) & _LANE) << bit
        above -= term_high
        if term_low > below:
            above -= np.uint64(1)
            below += _LOW + np.uint64(1)
        below -= term_low
    _write(place, top, above, below, upper, lower, codes, status)
