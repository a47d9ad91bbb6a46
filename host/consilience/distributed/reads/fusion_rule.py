"""What all nodes that answer reads agree on, and the file that holds it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from consilience.distributed.reads.shard_state import ShardState
from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.interval import CertifiedInterval
from consilience.distributed.staleness.shard_arrays import ShardArrays
from consilience.errors import BadInput
from consilience.robust.robust_histogram import RobustHistogram
from consilience_hw.spec.number_formats import CLIP_BIN

__all__ = ["FusionRule"]

_DEFAULTS = {"threshold": 0, "prior": 0, "epoch": 0}
_NUMBERS = {"changes_per_s", "clip", "grace_ms", "half_life_ms", "max_age_ms", "faulty", *_DEFAULTS}


@dataclass(frozen=True)
class FusionRule:
    """What all nodes of a deployment agree on.

    Parameters
    ----------
    shards : ShardArrays
        Enrolled reporters by shard, their rate of changes, discount, clip and prior.
    faulty : int
        f: the most reporters, of all, that lie.
    threshold : int
        In ulp.
    epoch : int
    """

    shards: ShardArrays
    faulty: int
    threshold: int = 0
    epoch: int = 0

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the rule of a TOML file; docs/plane.md says which keys it has.

        Raises
        ------
        BadInput
            No such file, other keys or values, or too few reporters for `faulty`.
        """
        try:
            given = _DEFAULTS | tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadInput(
                f"{path}: no rule can be read there ({error.strerror}); docs/plane.md has one"
            ) from None
        except (ValueError, RecursionError) as error:
            raise BadInput(
                f"{path}: no rule in TOML, UTF-8 ({error}); docs/plane.md has one"
            ) from None
        wanted = {"enrolled", *_NUMBERS}
        if given.keys() != wanted:
            raise BadInput(
                f"{path}: missing keys: {', '.join(sorted(wanted - given.keys())) or 'none'}; "
                f"unknown keys: {', '.join(sorted(given.keys() - wanted)) or 'none'}"
            )
        enrolled = given["enrolled"]
        numbers = [given[name] for name in sorted(_NUMBERS)]
        if not isinstance(enrolled, list) or any(
            type(one) is not int for one in enrolled + numbers
        ):
            raise BadInput(f"{path}: enrolled is a list of integers, every other value an integer")
        if min(given["faulty"], given["epoch"]) < 0 or given["epoch"] >= 1 << 64:
            raise BadInput(f"{path}: faulty and epoch are at least 0, epoch is below 2**64")
        try:
            RobustHistogram(given["clip"])  # refuses a clip that is none
            discount = Discount(given["grace_ms"], given["half_life_ms"], given["max_age_ms"])
            shards = ShardArrays(
                enrolled, given["changes_per_s"], discount, given["clip"], given["prior"]
            )
        except BadInput as error:
            raise BadInput(f"{path}: {error}") from None
        if sum(enrolled) <= 3 * given["faulty"]:
            raise BadInput(
                f"{path}: {sum(enrolled)} reporters cannot tolerate {given['faulty']} faulty: "
                "n must exceed 3f"
            )
        return cls(shards, given["faulty"], given["threshold"], given["epoch"])

    @property
    def unit(self) -> int:
        """k in ulp."""
        return self.shards.clip // CLIP_BIN

    def interval(self, total: ShardState) -> CertifiedInterval:
        """Return the certified interval of a merged state, about what is in it.

        While 3 f reporters or fewer were heard nothing is certified: the widest interval there is.
        """
        if total.histogram.count <= 3 * self.faulty:
            widest = CLIP_BIN * sum(self.shards.enrolled)
            return CertifiedInterval(-widest, widest, self.unit)
        scan = total.histogram.scan(self.faulty)
        return CertifiedInterval(scan.low, scan.high, self.unit)
