"""G of the contract of monitors, ``floor(65536 log2(1 + 2**(-d / 65536)))``, as hardware has it.

Segments of 1,024 distances d, each a chord and a parabola below it, in integers:

    G(d) = (B * 2**19 - S * lo * 2**9 - Q * lo * (1024 - lo)) >> 32,   lo = d % 1024

with B of 30, S of 22 and Q of 13 bits, for d below 2**20; from there on 1 up to d = 1,083,228, then
0. A test compares all 2**20 values with the golden model's, and fits the constants anew.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIRST_ZERO", "SEGMENTS", "SEGMENT_BITS", "log_add_segments"]

SEGMENT_BITS = 10
SEGMENTS = 1024
FIRST_ZERO = 1_083_229
"""The least d with G(d) = 0."""

_FILE = Path(__file__).with_suffix(".npy")


@cache
def log_add_segments() -> NDArray[np.int64]:
    """Return B, S and Q of each segment, int64 of shape (1024, 3); read-only."""
    segments = np.load(_FILE).astype(np.int64)
    segments.flags.writeable = False
    return segments
