"""Log sums of the columns of a table of natural logarithms, compiled: as it lies, row after row.

The largest value of a column has its largest code, for the conversion of `quantising` keeps the
order: so the tops are known after one pass, and the second makes codes and adds their terms up.
"""

import numpy as np

from consilience.kernels.compiling import compiled
from consilience.kernels.float_kernels import SATURATED, Floats, code_of, flag_of, is_odd
from consilience.kernels.kernel_tables import KernelTables
from consilience.kernels.sum_kernels import _rounded
from consilience.kernels.vector_terms import cut_term
from consilience.numbers.arrays import Codes, Words
from consilience_hw.spec.log_format import Q16_16

__all__ = ["LANES", "sum_columns"]

LANES = 16
"""Columns from which on this is quicker than to bring each column together."""

_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
_TOP_SHIFT = Q16_16.fraction_bits + 3
_WORD = np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)
_COLUMNS = 1 << 9  # at a time: their sums stay in level 1 cache


@compiled
def sum_columns(
    values: Floats, first: int, tables: KernelTables, sums: Codes, flags: Words
) -> None:
    """Write the log sum of the codes of columns, and what is odd about it, as `sum_rows` does.

    Parameters
    ----------
    values : (rows, all columns) float32 or float64
        In nats.
    first : int
        The first of these columns.
    sums, flags : (columns,)
    """
    size = min(len(sums), _COLUMNS)
    largest = np.empty(size, np.float64)
    highest = np.empty(size, np.int32)
    upper = np.empty(size, np.uint64)
    modulo = np.empty(size, np.uint64)
    for start in range(0, len(sums), _COLUMNS):
        count = min(len(sums) - start, _COLUMNS)
        left = first + start
        largest[:] = -np.inf
        for row in range(len(values)):
            line = values[row, left : left + count]
            for place in range(len(line)):
                largest[place] = max(largest[place], np.float64(line[place]))  # no NaN
        for place in range(count):
            top = np.int64(code_of(largest[place])) >> _TOP_SHIFT
            highest[place] = np.int32(8 * top + 7)
        upper[:] = np.uint64(0)
        modulo[:] = np.uint64(0)
        odd = 0
        for row in range(len(values)):
            line = values[row, left : left + count]
            for place in range(len(line)):
                value = np.float64(line[place])
                odd += is_odd(value)
                term = cut_term(code_of(value), highest[place])
                upper[place] += term >> _WORD
                modulo[place] += term
        for place in range(count):
            code = _ZERO
            if code_of(largest[place]) != np.int32(_ZERO):
                low = modulo[place] - (upper[place] << _WORD)
                top = np.int64(highest[place] - 7) >> 3
                code = _rounded(upper[place] + (low >> _WORD), low & _LOW, top, tables)
            sums[start + place] = min(code, _MAX)
            found = SATURATED if code > _MAX else 0
            if odd:
                for row in range(len(values)):
                    found |= flag_of(np.float64(values[row, left + place]))
            flags[start + place] = found
