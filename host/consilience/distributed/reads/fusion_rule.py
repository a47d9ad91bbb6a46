"""What all nodes that answer reads agree on."""

from dataclasses import dataclass

from consilience.distributed.reads.shard_state import ShardState
from consilience.distributed.staleness.interval import CertifiedInterval
from consilience.distributed.staleness.shard_arrays import ShardArrays
from consilience_hw.spec.number_formats import CLIP_BIN

__all__ = ["FusionRule"]


@dataclass(frozen=True)
class FusionRule:
    """What all nodes of a pubsub agree on.

    Parameters
    ----------
    shards : ShardArrays
        Enrolled reporters by shard, their rate of changes, discount, clip and prior.
    faulty : int
        f: at most so many of all reporters lie.
    threshold : int
        In ulp.
    epoch : int
    """

    shards: ShardArrays
    faulty: int
    threshold: int = 0
    epoch: int = 0

    @property
    def unit(self) -> int:
        """k in ulp."""
        return self.shards.clip // CLIP_BIN

    def interval(self, total: ShardState) -> CertifiedInterval:
        """Return the certified interval of a merged state, about what is in it.

        Of 3 f reporters or fewer nothing is certified: the widest interval there is.
        """
        if total.histogram.count <= 3 * self.faulty:
            widest = CLIP_BIN * sum(self.shards.enrolled)
            return CertifiedInterval(-widest, widest, self.unit)
        scan = total.histogram.scan(self.faulty)
        return CertifiedInterval(scan.low, scan.high, self.unit)
