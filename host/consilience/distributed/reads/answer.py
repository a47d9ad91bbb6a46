"""The answer to a read: a verdict, and everything needed to judge how much it is worth."""

from dataclasses import dataclass

from consilience.distributed.staleness.estimate import Estimate
from consilience.distributed.staleness.interval import CertifiedInterval
from consilience_hw.spec.number_formats import Decision

__all__ = ["Answer"]


@dataclass(frozen=True)
class Answer:
    """A read of one node at one moment. All integers; shards in order 1 .. S.

    Parameters
    ----------
    epoch, shard, incarnation : int
        The epoch, and the node that answers.
    at_ns : int
        The moment: the node's time since its start. The age of a shard counts back from it.
    decision : Decision
        Of `interval` against the threshold: never another than that of the honest reporters' sum
        of this moment, but UNDECIDED at times.
    interval : CertifiedInterval
        Where the honest reporters' sum is at this moment, widened by what may have changed unseen.
    estimate : Estimate
        Point, bound, weights of the shards and effective weight.
    incarnations, versions : tuple of int
        Of the states held; 0 where never heard from.
    ages_ms : tuple of int
        Upper bounds; -1 where never heard from.
    digest : str
        SHA-256 in hex over a tag, the epoch (u64 LE) and the merged state, before any discount.
    """

    epoch: int
    shard: int
    incarnation: int
    at_ns: int
    decision: Decision
    interval: CertifiedInterval
    estimate: Estimate
    incarnations: tuple[int, ...]
    versions: tuple[int, ...]
    ages_ms: tuple[int, ...]
    digest: str

    def as_dict(self) -> dict[str, object]:
        """Return the answer as JSON can hold it; `point` and `bound` in 2**-32 bit."""
        return {
            "epoch": self.epoch,
            "shard": self.shard,
            "incarnation": self.incarnation,
            "at": self.at_ns,
            "decision": self.decision.name.lower(),
            "low": self.interval.low,
            "high": self.interval.high,
            "unit": self.interval.unit,
            "point": self.estimate.point,
            "bound": self.estimate.bound,
            "bound_ulp": self.estimate.bound_ulp,
            "effective_weight": self.estimate.effective_weight,
            "digest": self.digest,
            "incarnations": self.incarnations,
            "versions": self.versions,
            "ages": self.ages_ms,
            "weights": self.estimate.weights,
        }
