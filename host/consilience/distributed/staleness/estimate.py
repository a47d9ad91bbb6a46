"""The point estimate of a read, and how far it can be from the truth of this moment.

With l_s what is held of shard s, l'_s what it is now, c the clip, u_s the agents that may have
changed unseen: each of these moved its shard's sum by at most 2c, from one end of its clipped range
to the other. So ``|l'_s - l_s| <= 2c u_s``, and for L = sum of w_s l_s and L' = sum of l'_s::

    |L - L'| <= sum of (1 - w_s) |l_s| + 2c u_s
"""

from collections.abc import Sequence
from dataclasses import dataclass

from consilience.distributed.staleness.change_rate import ShardReading
from consilience.distributed.staleness.discount import LONGEST_AGE, Discount
from consilience.errors import BadInput
from consilience.robust.decision import decide
from consilience_hw.spec.number_formats import ONE, WEIGHT_BITS, Decision

__all__ = ["Estimate", "estimate"]


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
        Of each shard, 0 .. 65536.
    effective_weight : int
        Mean of the weights over the enrolled agents, cut to an integer 0 .. 65536.
    """

    point: int
    bound: int
    weights: tuple[int, ...]
    effective_weight: int

    @property
    def bound_ulp(self) -> int:
        """`bound` in ulp (2**-16 bit), rounded up."""
        return -(-self.bound >> WEIGHT_BITS)

    def decision(self, threshold: int) -> Decision:
        """Return on which side of a threshold, in ulp, the log-odds are; UNDECIDED in between."""
        return decide(self.point - self.bound, self.point + self.bound, threshold << WEIGHT_BITS)


def estimate(
    readings: Sequence[ShardReading], discount: Discount, clip: int, prior: int = 0
) -> Estimate:
    """Return the discounted sum over shards and its error bound.

    Parameters
    ----------
    readings : sequence of ShardReading
        One for each shard, also for those never heard from.
    discount : Discount
    clip : int
        c: largest magnitude of an agent's log-odds in `ShardReading.evidence`, in ulp.
    prior : int
        Log-odds before all evidence, in ulp. Not discounted.

    Raises
    ------
    BadInput
        No shard, one shard twice, or evidence that so many clipped values cannot sum to.
    """
    if not readings:
        raise BadInput("an estimate needs a reading of every shard; there is none")
    if len({reading.shard for reading in readings}) != len(readings):
        raise BadInput("two readings of one shard; take the newest")
    if clip < 1:
        raise BadInput(f"clip must be at least 1 ulp, not {clip}")
    point, bound, weighted = prior << WEIGHT_BITS, 0, 0
    weights = _weights(readings, discount)
    for reading, weight in zip(readings, weights, strict=True):
        if abs(reading.evidence) > reading.enrolled * clip:
            raise BadInput(
                f"evidence {reading.evidence} of shard {reading.shard}: {reading.enrolled} agents "
                f"clipped at {clip} ulp have less; clip before the sum, or enrol all"
            )
        point += weight * reading.evidence
        bound += (ONE - weight) * abs(reading.evidence) + ONE * 2 * clip * reading.unseen
        weighted += weight * reading.enrolled
    enrolled = sum(reading.enrolled for reading in readings)
    return Estimate(point, bound, weights, weighted // enrolled if enrolled else 0)


def _weights(readings: Sequence[ShardReading], discount: Discount) -> tuple[int, ...]:
    """Return the shards' weights; 0 for those never heard from."""
    ages = [min(one.age_ms or 0, LONGEST_AGE) for one in readings]
    weights = discount.weight(ages).tolist()
    return tuple(
        0 if one.age_ms is None else weight for one, weight in zip(readings, weights, strict=True)
    )
