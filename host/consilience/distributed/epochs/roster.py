"""Membership: whose reports and votes count in an epoch, and the limits all replicas apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Self

from consilience.distributed.epochs.deployment_file import read_deployment
from consilience.distributed.epochs.reports import LARGEST_PAYLOAD
from consilience.distributed.epochs.roster_files import read_public_keys
from consilience.distributed.epochs.scope import Scope
from consilience.distributed.epochs.signing import PUBLIC_BYTES, Domain
from consilience.distributed.epochs.wire import number, require_u64
from consilience.errors import BadInput

__all__ = ["Roster"]


@dataclass(frozen=True)
class Roster:
    """Public keys of one shard's agents and replicas, and limits; equal on all replicas.

    Parameters
    ----------
    deployment : bytes
        Id of the deployment, 16 bytes.
    shard : int
        u64.
    agents, replicas : mapping of int to bytes
        Raw public keys by number, an u64. There are 2 f + 1 replicas.
    reports_per_agent : int
        Seq numbers of an epoch are 0 .. reports_per_agent - 1: a flood ends there.
    horizon : int
        Epochs for which counted reports are kept; a later proof no longer corrects.
    codes_per_report : int
        Codes of a report at most. For robust fusion, whose f counts reporters, this and
        `reports_per_agent` are 1: else an agent gives itself a weight.
    """

    deployment: bytes
    shard: int
    agents: Mapping[int, bytes]
    replicas: Mapping[int, bytes]
    reports_per_agent: int = 16
    horizon: int = 16
    codes_per_report: int = LARGEST_PAYLOAD // 4

    def __post_init__(self) -> None:
        Scope(self.deployment, self.shard)
        if len(self.replicas) % 2 == 0:
            raise BadInput(
                f"{len(self.replicas)} replicas; f liars are outvoted by 2 f + 1, an odd number"
            )
        if min(self.reports_per_agent, self.codes_per_report, self.horizon) < 1:
            raise BadInput("reports_per_agent, codes_per_report and horizon must be at least 1")
        require_u64(
            "a roster",
            reports_per_agent=self.reports_per_agent,
            horizon=self.horizon,
            codes_per_report=self.codes_per_report,
        )
        for kind in ("agents", "replicas"):
            keys = dict(getattr(self, kind))
            for one in keys:
                require_u64("a roster", **{kind[:-1]: one})
            if any(len(key) != PUBLIC_BYTES for key in keys.values()):
                raise BadInput(f"public keys of {kind} have {PUBLIC_BYTES} bytes")
            if len(set(keys.values())) != len(keys):
                raise BadInput(f"two {kind} have one key; every one needs its own")
            object.__setattr__(self, kind, MappingProxyType(keys))

    @property
    def faulty(self) -> int:
        """f: replicas that may lie."""
        return len(self.replicas) // 2

    @cached_property
    def scope(self) -> Scope:
        """What all that is signed here is about."""
        return Scope(self.deployment, self.shard)

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of everything that decides what counts: who has another one counts differently.

        Over: tag, deployment, shard, reports_per_agent, horizon, codes_per_report; count of agents,
        then number and key of each, ascending; the same of the replicas. Numbers are u64 LE.
        """
        limits = number(self.reports_per_agent, self.horizon, self.codes_per_report)
        digest = sha256(Domain.ROSTER + bytes(self.scope) + limits)
        for keys in (self.agents, self.replicas):
            digest.update(number(len(keys)))
            for one, key in sorted(keys.items()):
                digest.update(number(one) + key)
        return digest.digest()

    @classmethod
    def read(cls, folder: Path, shard: int, **limits: int) -> Self:
        """Return the roster of a folder: ``deployment.id``, ``agent-N.pub``, ``replica-N.pub``.

        Parameters
        ----------
        folder : Path
            Of its owner alone to write to; its files, too.
        shard : int
        limits : int
            `reports_per_agent`, `horizon`, `codes_per_report`.

        Raises
        ------
        BadInput
            No id of the deployment, another name than these, or what is in a file is no key.
        PermissionRefused
            Others could have put a key there.
        """
        deployment = read_deployment(folder)
        keys = read_public_keys(folder, ("agent", "replica"))
        return cls(deployment, shard, keys["agent"], keys["replica"], **limits)
