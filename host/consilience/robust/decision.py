"""Decisions that say so when they cannot be made."""

from consilience.errors import BadInput
from consilience_hw.spec.number_formats import Decision

__all__ = ["decide"]


def decide(low: int, high: int, threshold: int) -> Decision:
    """Return ABOVE if all of ``low .. high`` is above the threshold, BELOW if all is below it.

    Whatever value in the interval is the true one, another decision than UNDECIDED is the one made
    with it. All three in one unit, of any size.
    """
    if low > high:
        raise BadInput(f"an interval from {low} to {high} is empty")
    if low > threshold:
        return Decision.ABOVE
    return Decision.BELOW if high < threshold else Decision.UNDECIDED
