"""Increments of a model, and their certificate: the contract, one context at a time."""

from collections.abc import Sequence
from fractions import Fraction

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.directed import code_above
from consilience_sim.golden.log_sum import log_sum

__all__ = ["model_increments"]

_ZERO = Q16_16.log_of_zero


def model_increments(
    p0: Sequence[Fraction], c1: Sequence[int], unseen: int
) -> tuple[list[int], bool]:
    """Return the increments of one context, and whether they are certified.

    Parameters
    ----------
    p0 : sequence of Fraction
        Natural logarithms of all symbols, UNSEEN and the end among them.
    c1 : sequence of int
        Codes of the other probabilities, to nearest.
    unseen : int
        Place of UNSEEN.
    """
    increments, paid = [], []
    for place, (base, above) in enumerate(zip(p0, c1, strict=True)):
        below = code_above(base)
        increment = _ZERO if above == _ZERO else above - below - 2
        if place == unseen:
            increment = min(increment, 0)
        if increment <= _ZERO:
            increment = _ZERO
        increments.append(increment)
        paid.append(_ZERO if increment == _ZERO else max(below + increment, _ZERO))
    return increments, log_sum(paid)[0] + 1 <= 0
