"""Size and rule of a cluster."""

from dataclasses import dataclass, replace

from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.shard_arrays import ShardArrays

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """Size and rule of a cluster.

    Parameters
    ----------
    nodes, sites : int
    enrolled : int
        Reporters of each shard.
    faulty_share : int
        f is the number of all reporters divided by this.
    slower : int
        The run is in slow motion: every interval but the deadline of a read is so many times as
        long as it was planned. A machine that is so much slower then has the same load.
    """

    nodes: int
    sites: int
    enrolled: int = 24
    faulty_share: int = 10
    changes_per_s: int = 1
    clip: int = 131_072
    grace_ms: int = 3_000
    half_life_ms: int = 2_000
    max_age_ms: int = 8_000
    period_s: float = 2.0
    burst_s: float = 1.0
    pace_s: float = 2.0
    seed: int = 1
    slower: int = 1

    def in_slow_motion(self, slower: int) -> "Settings":
        """Return the same cluster with all intervals longer: of frames, states, and the rule."""
        seconds = {name: slower * getattr(self, name) for name in ("period_s", "burst_s", "pace_s")}
        return replace(
            self,
            grace_ms=slower * self.grace_ms,
            half_life_ms=slower * self.half_life_ms,
            max_age_ms=slower * self.max_age_ms,
            slower=slower,
            **seconds,
        )

    @property
    def rule(self) -> FusionRule:
        enrolled = [self.enrolled] * self.nodes
        discount = Discount(self.grace_ms, self.half_life_ms, self.max_age_ms)
        arrays = ShardArrays(enrolled, self.changes_per_s, discount, self.clip)
        return FusionRule(arrays, sum(enrolled) // self.faulty_share)

    @property
    def rule_text(self) -> str:
        """The same rule as a file for `consilience read-node`."""
        names = ("changes_per_s", "clip", "grace_ms", "half_life_ms", "max_age_ms")
        fields = {name: getattr(self, name) for name in names} | {"faulty": self.rule.faulty}
        fields["enrolled"] = [self.enrolled] * self.nodes
        return "".join(f"{name} = {value}\n" for name, value in fields.items())

    def site(self, node: int) -> int:
        """Return the site of a node, 1 .. sites: equal shares, in order."""
        return (node - 1) * self.sites // self.nodes + 1
