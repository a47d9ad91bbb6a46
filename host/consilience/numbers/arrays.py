"""Names for the arrays that go in and out of devices, links and live units."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Codes", "CodesAndStatus", "Offsets", "Words"]

Codes = NDArray[np.int32]
"""Logarithms to base 2, Q16.16."""

Words = NDArray[np.uint32]
"""Unsigned numbers of 32 bits: status flags, weights, ids, or words of the link."""

Offsets = NDArray[np.int64]
"""Segment k of an array is ``array[offsets[k]:offsets[k + 1]]``."""

CodesAndStatus = tuple[Codes, Words]
"""A code (or a row of codes) and a status word for each segment, agent or update."""
