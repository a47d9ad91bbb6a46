"""Fixed-point numbers other than codes: weights of evidence, and bins of robust fusion."""

from enum import IntEnum

__all__ = ["CLIP_BIN", "MAX_UNIT", "ONE", "RATIO_BINS", "WEIGHT_BITS", "Decision"]

WEIGHT_BITS = 16
"""Fraction bits of a weight."""

ONE = 1 << WEIGHT_BITS
"""Weight 1, the largest: weights are 0 .. 65536."""

CLIP_BIN = 128
"""The clip in units: bins go from -CLIP_BIN to CLIP_BIN."""
RATIO_BINS = 2 * CLIP_BIN + 1
MAX_UNIT = 1 << 24
"""Largest unit k in ulp: its clip, 2**31 ulp, is the full range of codes."""


class Decision(IntEnum):
    """Position of the certified interval relative to the threshold."""

    BELOW = -1
    UNDECIDED = 0
    ABOVE = 1
