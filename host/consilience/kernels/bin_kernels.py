"""The bins of codes, compiled: what an exact state of Q16.16 holds. Integers only.

A term has 32 bits: four parts of 8, of which each goes to a bin. With a 1 that counts it, it is
added byte by byte to the eight totals of its bin, in one step. Neighbours go to different tables in
turn, so that no addition waits for the one before.
"""

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled
from consilience.kernels.instructions import add_bytes
from consilience.numbers.arrays import Codes
from consilience_hw.spec.exp2_table import mantissa_table
from consilience_hw.spec.log_format import Q16_16

__all__ = ["MOST", "add_to_bins", "finite_range"]

_F = Q16_16.fraction_bits
_FRACTION = Q16_16.fractions - 1
_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
_BIN_SHIFT = _F + 3  # code to bin of B = 8 bits
_PARTS = Q16_16.parts
# A constant of the code, which no store can change: so that loops that store use vectors.
_MANTISSAS = mantissa_table(Q16_16)

_CHUNK = 1 << 12
_TABLES = 8
MOST = 1 << 24
"""Codes a table takes at most: a total of bytes has 32 bits."""
_ROW = np.uint64(40)
_ONE_TERM = np.uint64(1 << 32)


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
) -> None:
    """Add the parts of the finite ones among codes to bins.

    Parameters
    ----------
    codes : (n,)
        At most `MOST`.
    lowest : int
        The bin of the lowest finite code.
    sums, terms : (bins + 3,)
        Of the third bin below `lowest` to that of the highest code; added to.
    """
    bins = len(sums) - _PARTS + 1
    tables = _TABLES if len(codes) > _CHUNK else 1
    turns = np.uint64(tables - 1)
    totals = np.zeros((bins + 1) * tables * 8, np.uint32)  # the last row is that of logs of zero
    words = np.empty(min(len(codes), _CHUNK), np.uint64)
    base = np.int32(lowest)
    for start in range(0, len(codes), _CHUNK):
        chunk = codes[start : start + _CHUNK]
        for place in range(len(chunk)):
            code = chunk[place]
            inside = np.uint32(code >> np.int32(_F)) & np.uint32(7)
            term = _MANTISSAS[code & np.int32(_FRACTION)] << inside
            row = np.int32(code >> np.int32(_BIN_SHIFT)) - base
            row = np.int32(bins) if code == np.int32(_ZERO) else row
            # What stands above the 1 is added, too, to totals that nobody reads.
            words[place] = np.uint64(term) | _ONE_TERM | np.uint64(row) << _ROW
        for place in range(len(chunk)):
            row_of_table = (words[place] >> _ROW) * np.uint64(tables) + (np.uint64(place) & turns)
            add_bytes(totals, row_of_table << np.uint64(3), words[place])
    for bin_ in range(bins):
        for table in range(tables):
            first = (bin_ * tables + table) * 8
            for part in range(_PARTS):
                sums[bin_ + part] += np.uint64(totals[first + part])
            terms[bin_ + _PARTS - 1] += np.uint64(totals[first + _PARTS])
