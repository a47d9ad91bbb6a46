"""Flags that travel with every result, and with every update of a live sum."""

from enum import IntFlag

__all__ = ["CLAMPS_SHIFT", "ResultStatus", "UpdateStep"]

CLAMPS_SHIFT = 8
"""A posterior's status word holds the number of its clamped values (0 .. 2 H) from this bit on."""


class ResultStatus(IntFlag):
    """Flags of one result; 0 for an ordinary one."""

    SATURATED = 1
    """The true value is above the largest code; the code is the largest one."""
    OVER_CAPACITY = 2
    """More than 2**32 codes or rows: there is no result. Sticky in a state."""
    HARD_TO_ROUND = 4
    """The value is so near to a rounding border that the precision of the unit cannot decide (the
    table-maker's dilemma): the code is one of the two neighbours. The host decides from the exact
    state."""
    IMPOSSIBLE = 8
    """Every hypothesis is impossible: all values are the log of zero."""
    CLAMPED = 16
    """At least one value was raised to the lowest finite code; the count is in the status word."""
    DAMAGED = 32
    """The live state is that of no multiset: a code was removed that was not in it, or a bit was
    lost. There is no result. Sticky until the state is cleared."""


class UpdateStep(IntFlag):
    """Steps of an update, carried out in this order; any of them may be left out."""

    CLEARS = 1
    """All codes leave; not together with LEAVES."""
    LEAVES = 2
    """The old code leaves."""
    ENTERS = 4
    """The new code enters."""
    READS = 8
    """The result is read."""
