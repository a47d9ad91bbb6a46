"""The fixed-point format of the weight of a row of evidence."""

__all__ = ["ONE", "WEIGHT_BITS"]

WEIGHT_BITS = 16
"""Fraction bits of a weight."""

ONE = 1 << WEIGHT_BITS
"""Weight 1, the largest: weights are 0 .. 65536."""
