"""What a stale answer may miss, shard by shard in plain integers.

With l_s the evidence held of shard s, l'_s what it is now, c the clip, u_s the agents that may have
changed unseen: each of these moved its shard's sum by at most 2c, from one end of its clipped range
to the other. So ``|l'_s - l_s| <= 2c u_s``, and for L = sum of w_s l_s and L' = sum of l'_s::

    |L - L'| <= sum of (1 - w_s) |l_s| + 2c u_s
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from consilience_sim.golden.discount import age_weight

__all__ = ["ShardReading", "StaleEstimate", "stale_estimate", "unseen_agents"]

_ONE = 1 << 16


@dataclass(frozen=True)
class ShardReading:
    """What a node holds of one shard at the moment of a read.

    Parameters
    ----------
    shard : int
    enrolled : int
        N_s: agents that may speak in this shard, heard from or not.
    changes_per_s : int
        Agents whose evidence the shard lets change in a second.
    age_ms : int or None
        Upper bound of the time since the state held was the shard's own, transport included. None:
        never heard from.
    evidence : int
        l_s: sum over the shard's agents of their clipped log-odds, in ulp. 0 if never heard from.
    """

    shard: int
    enrolled: int
    changes_per_s: int
    age_ms: int | None
    evidence: int = 0

    def __post_init__(self) -> None:
        for name in ("enrolled", "changes_per_s", "age_ms"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} of shard {self.shard} is {value}; it cannot be negative")
        if self.age_ms is None and self.evidence:
            raise ValueError(f"evidence of shard {self.shard} without an age; say how old it is")

    @property
    def unseen(self) -> int:
        """u_s: agents whose evidence may differ from what is held.

        ``min(enrolled, ceil(changes_per_s * age))``; all enrolled if never heard from.
        """
        if self.age_ms is None:
            return self.enrolled
        return min(self.enrolled, -(-self.changes_per_s * self.age_ms // 1_000))


class StaleEstimate(NamedTuple):
    """Point and bound in 2**-32 bit, a weight 0 .. 65536 of each shard, their cut mean."""

    point: int
    bound: int
    weights: tuple[int, ...]
    effective_weight: int


def unseen_agents(readings: Iterable[ShardReading]) -> int:
    """Return how many agents of all shards may have changed unseen."""
    return sum(reading.unseen for reading in readings)


def stale_estimate(
    readings: Sequence[ShardReading], policy: tuple[int, int, int], clip: int, prior: int = 0
) -> StaleEstimate:
    """Return the discounted sum over shards and its error bound.

    Parameters
    ----------
    readings : sequence of ShardReading
        One of each shard, also of those never heard from.
    policy : tuple of int
        Grace, half-life and greatest age in ms.
    clip : int
        c: largest magnitude of an agent's log-odds in `ShardReading.evidence`, in ulp.
    prior : int
        Log-odds before all evidence, in ulp. Not discounted.

    Raises
    ------
    ValueError
        No shard, one shard twice, or evidence that clipped values cannot sum to.
    """
    if not readings:
        raise ValueError("an estimate needs a reading of every shard; there is none")
    if len({reading.shard for reading in readings}) != len(readings):
        raise ValueError("two readings of one shard; take the newest")
    if clip < 1:
        raise ValueError(f"clip must be at least 1 ulp, not {clip}")
    point, bound, weighted = prior * _ONE, 0, 0
    weights = tuple(
        0 if one.age_ms is None else age_weight(one.age_ms, *policy) for one in readings
    )
    for reading, weight in zip(readings, weights, strict=True):
        if abs(reading.evidence) > reading.enrolled * clip:
            raise ValueError(
                f"evidence {reading.evidence} of shard {reading.shard}: {reading.enrolled} agents "
                f"clipped at {clip} ulp have less; clip before the sum, or enrol all"
            )
        point += weight * reading.evidence
        bound += (_ONE - weight) * abs(reading.evidence) + _ONE * 2 * clip * reading.unseen
        weighted += weight * reading.enrolled
    enrolled = sum(reading.enrolled for reading in readings)
    return StaleEstimate(point, bound, weights, weighted // enrolled if enrolled else 0)
