"""The tables of the compiled kernels, for Q16.16."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.exact.rounding import border_width, rounding_borders
from consilience.numbers.arrays import Words
from consilience_hw.spec.exp2_table import mantissa_table
from consilience_hw.spec.log_format import Q16_16

__all__ = ["PART_BITS", "KernelTables", "load_tables"]

PART_BITS = 12
"""A sum's bits below its leading one that tell among which borders it lies."""


class KernelTables(NamedTuple):
    """What the kernels look up.

    Parameters
    ----------
    mantissas : (65536,) uint32
        M[f].
    upper, lower : (65536,) uint64
        The rounding borders cut to 96 bits: the upper 64 and the lower 32.
    starts : (4097,) int64
        How many borders are below each 4096th of the interval that they divide.
    """

    mantissas: Words
    upper: NDArray[np.uint64]
    lower: NDArray[np.uint64]
    starts: NDArray[np.int64]


@cache
def load_tables() -> KernelTables:
    """Return the tables of Q16.16."""
    assert border_width(Q16_16) == 96
    borders = rounding_borders(Q16_16)
    upper = np.array([border >> 32 for border in borders], dtype=np.uint64)
    lower = np.array([border & 0xFFFF_FFFF for border in borders], dtype=np.uint64)
    part = 63 - PART_BITS
    parts = (np.arange((1 << PART_BITS), dtype=np.uint64) << np.uint64(part)) + np.uint64(1 << 63)
    starts = np.append(np.searchsorted(upper, parts), Q16_16.fractions)
    return KernelTables(mantissa_table(Q16_16), upper, lower, starts)
