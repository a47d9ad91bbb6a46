"""Membership: whose reports and votes count in an epoch, and the limits all replicas apply."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from consilience.distributed.epochs.key_files import PUBLIC, read_public
from consilience.distributed.epochs.reports import LARGEST_PAYLOAD
from consilience.distributed.epochs.signing import PUBLIC_BYTES
from consilience.errors import BadInput

__all__ = ["Roster"]

_FILE = re.compile(rf"(agent|replica)-(0|[1-9][0-9]*)\{PUBLIC}")


@dataclass(frozen=True)
class Roster:
    """Public keys of one shard's agents and replicas, and limits; equal on all replicas.

    Parameters
    ----------
    shard : int
        u64.
    agents, replicas : mapping of int to bytes
        Raw public keys by number. There are 2 f + 1 replicas.
    reports_per_agent : int
        Seq numbers of an epoch are 0 .. reports_per_agent - 1: a flood ends there.
    horizon : int
        Epochs for which counted reports are kept; a later proof no longer corrects.
    codes_per_report : int
        Codes of a report at most. For robust fusion, whose f counts reporters, this and
        `reports_per_agent` are 1: else an agent gives itself a weight.
    """

    shard: int
    agents: Mapping[int, bytes]
    replicas: Mapping[int, bytes]
    reports_per_agent: int = 16
    horizon: int = 16
    codes_per_report: int = LARGEST_PAYLOAD // 4

    def __post_init__(self) -> None:
        if not 0 <= self.shard < 1 << 64:
            raise BadInput(f"shard {self.shard} is not an u64")
        if len(self.replicas) % 2 == 0:
            raise BadInput(
                f"{len(self.replicas)} replicas; f liars are outvoted by 2 f + 1, an odd number"
            )
        if min(self.reports_per_agent, self.codes_per_report, self.horizon) < 1:
            raise BadInput("reports_per_agent, codes_per_report and horizon must be at least 1")
        for kind in ("agents", "replicas"):
            keys = dict(getattr(self, kind))
            if any(len(key) != PUBLIC_BYTES for key in keys.values()):
                raise BadInput(f"public keys of {kind} have {PUBLIC_BYTES} bytes")
            if len(set(keys.values())) != len(keys):
                raise BadInput(f"two {kind} have one key; every one needs its own")
            object.__setattr__(self, kind, MappingProxyType(keys))

    @property
    def faulty(self) -> int:
        """f: replicas that may lie."""
        return len(self.replicas) // 2

    @classmethod
    def read(cls, folder: Path, shard: int) -> "Roster":
        """Return the roster of a folder of ``agent-N.pub`` and ``replica-N.pub`` files."""
        keys: dict[str, dict[int, bytes]] = {"agent": {}, "replica": {}}
        for path in sorted(folder.glob(f"*{PUBLIC}")):
            found = _FILE.fullmatch(path.name)
            if not found:
                raise BadInput(f"{path}: name keys agent-N{PUBLIC} or replica-N{PUBLIC}")
            keys[found[1]][int(found[2])] = read_public(path)
        return cls(shard, keys["agent"], keys["replica"])
