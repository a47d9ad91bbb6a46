"""The bins of codes, compiled: what an exact state of Q16.16 holds.

A term has 32 bits: four parts of 8, of which each goes to a bin. With a 1 that counts it, it is
added byte by byte to the eight totals of its bin, in one step. Neighbours go to different tables in
turn, so that no addition waits for the one before.
"""

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled
from consilience.kernels.instructions import add_bytes
from consilience.kernels.vector_terms import MANTISSA, mantissa_bits
from consilience.numbers.arrays import Codes
from consilience_hw.spec.log_format import Q16_16

__all__ = ["MOST", "add_to_bins", "finite_range"]

_F = Q16_16.fraction_bits
_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
_BIN_SHIFT = _F + 3  # code to bin of B = 8 bits
_PARTS = Q16_16.parts

_CHUNK = 1 << 10  # codes: they, their words (8 KiB) and the tables stay in level 1 cache
_TABLES = 16
_CODES_A_ROW = 64  # with fewer, several tables cost more than they save
MOST = 1 << 24
"""Codes a table takes at most: a total of bytes has 32 bits."""
_ONE_TERM = np.uint64(1 << 32)
_LANES = np.uint64(8)
_PLACE = np.uint64(40)  # of a row's place in the tables, above the count
_ROW_OF_ONE, _ROW_OF_ALL = 3, 3 + _TABLES.bit_length() - 1  # log2 of the totals of a row


@compiled
def finite_range(codes: Codes) -> tuple[np.int32, np.int32]:
    """Return the lowest and the highest finite code; if there is none the lowest is the higher."""
    lowest, highest = np.int32(_MAX), np.int32(_ZERO)
    for place in range(len(codes)):
        code = codes[place]
        lowest = min(lowest, code if code != np.int32(_ZERO) else np.int32(_MAX))
        highest = max(highest, code)
    return lowest, highest


@compiled
def add_to_bins(
    codes: Codes, lowest: int, sums: NDArray[np.uint64], terms: NDArray[np.uint64]
) -> int:
    """Add the parts of the finite ones among codes to bins; return of how many codes.

    It ends before the first chunk that has a code outside the bins.

    Parameters
    ----------
    codes : (n,)
        At most `MOST`.
    lowest : int
        The lowest bin that a position may lie in.
    sums, terms : (bins + 3,)
        Of the third bin below `lowest` on; added to.
    """
    bins = len(sums) - _PARTS + 1
    tables = _TABLES if len(codes) > _CODES_A_ROW * bins else 1
    totals = np.zeros((bins + 1) * tables * 8, np.uint32)  # the last row is that of logs of zero
    size = min(len(codes), _CHUNK)
    words = np.empty(size, np.uint64)
    row_shift = _PLACE + np.uint64(_ROW_OF_ALL if tables > 1 else _ROW_OF_ONE)
    base = np.int32(lowest)
    done = len(codes)
    for start in range(0, len(codes), _CHUNK):
        chunk = codes[start : start + _CHUNK]
        outermost = np.uint32(0)
        for place in range(len(chunk)):
            code = chunk[place]
            inside = np.uint64(np.uint32(code >> np.int32(_F)) & np.uint32(7))
            term = (mantissa_bits(code) & MANTISSA) << inside | _ONE_TERM
            row = np.uint32(np.int32(code >> np.int32(_BIN_SHIFT)) - base)
            outermost = max(outermost, np.uint32(0) if code == np.int32(_ZERO) else row)
            row = np.uint32(bins) if code == np.int32(_ZERO) else row
            # What stands above the 1 is added, too, to totals that nobody reads.
            words[place] = term | np.uint64(row) << row_shift
        if outermost >= np.uint32(bins):
            done = start
            break
        in_turn = len(chunk) // _TABLES * _TABLES if tables > 1 else 0
        for first in range(0, in_turn, _TABLES):
            for table in range(_TABLES):
                word = words[first + table]
                add_bytes(totals, (word >> _PLACE) + _LANES * np.uint64(table), word)
        for place in range(in_turn, len(chunk)):
            add_bytes(totals, words[place] >> _PLACE, words[place])
    for bin_ in range(bins):
        for table in range(tables):
            first = (bin_ * tables + table) * 8
            for part in range(_PARTS):
                sums[bin_ + part] += np.uint64(totals[first + part])
            terms[bin_ + _PARTS - 1] += np.uint64(totals[first + _PARTS])
    return done
