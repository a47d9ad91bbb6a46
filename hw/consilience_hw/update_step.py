"""What an update of a live log sum does."""

from enum import IntFlag

__all__ = ["UpdateStep"]


class UpdateStep(IntFlag):
    """Steps of an update, carried out in this order; any of them may be left out."""

    CLEARS = 1
    """Everything goes out; not together with LEAVES."""
    LEAVES = 2
    """The old code goes out."""
    ENTERS = 4
    """The new code comes in."""
    READS = 8
    """The result is wanted."""
