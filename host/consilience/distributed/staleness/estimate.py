"""The point estimate of a read, and how far it can be from the truth of this moment."""

from dataclasses import dataclass

from consilience.robust.decision import decide
from consilience_hw.spec.number_formats import WEIGHT_BITS, Decision

__all__ = ["Estimate"]


@dataclass(frozen=True)
class Estimate:
    """A read of one log-odds, in exact integers.

    Parameters
    ----------
    point : int
        ``prior + sum of w_s l_s`` in 2**-32 bit, 2**16 to the ulp.
    bound : int
        The log-odds of all evidence of this moment lie within ``point - bound .. point + bound``.
        Same unit.
    weights : tuple of int
        One of each shard, 0 .. 65536.
    effective_weight : int
        Mean of the weights over the enrolled agents, cut to an integer 0 .. 65536.
    unseen : int
        Sum of u_s: reporters whose evidence may differ from what is held.
    """

    point: int
    bound: int
    weights: tuple[int, ...]
    effective_weight: int
    unseen: int

    @property
    def bound_ulp(self) -> int:
        """`bound` in ulp (2**-16 bit), rounded up."""
        return -(-self.bound >> WEIGHT_BITS)

    def decision(self, threshold: int) -> Decision:
        """Return on which side of a threshold, in ulp, the log-odds are; UNDECIDED in between."""
        return decide(self.point - self.bound, self.point + self.bound, threshold << WEIGHT_BITS)
