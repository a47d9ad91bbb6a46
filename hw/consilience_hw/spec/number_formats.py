"""Numbers other than codes: weights of evidence, ages, and bins of robust fusion."""

from enum import IntEnum

__all__ = [
    "AGE_BITS",
    "CLIP_BIN",
    "MAX_UNIT",
    "ONE",
    "RATIO_BINS",
    "ROBUST_LIMIT",
    "ROBUST_SUM_BITS",
    "WEIGHT_BITS",
    "Decision",
]

WEIGHT_BITS = 16
"""Fraction bits of a weight."""

ONE = 1 << WEIGHT_BITS
"""Weight 1, the largest: weights are 0 .. 65536."""

AGE_BITS = 32
"""Width of an age and of a staleness policy's times, in ms: up to 49.7 days. A longer age is sent
as the longest, which is at or beyond every `max_age`."""

CLIP_BIN = 128
"""The clip in units: bins go from -CLIP_BIN to CLIP_BIN."""
RATIO_BINS = 2 * CLIP_BIN + 1
ROBUST_SUM_BITS = 42
"""Width of a signed sum of bins: 128 times the capacity, a sign, and room for one addition."""
ROBUST_LIMIT = 1 << ROBUST_SUM_BITS - 1
"""No sum of bins reaches it."""
MAX_UNIT = 1 << 24
"""Largest unit k in ulp: its clip, 2**31 ulp, is the full range of codes."""


class Decision(IntEnum):
    """Position of the certified interval relative to the threshold."""

    BELOW = -1
    UNDECIDED = 0
    ABOVE = 1
