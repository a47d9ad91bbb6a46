"""The roster of a plane: the keys of its nodes, one a shard, and of those that send it evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Self

from consilience.distributed.epochs.deployment_file import read_deployment
from consilience.distributed.epochs.roster_files import read_public_keys
from consilience.distributed.epochs.scope import DEPLOYMENT_BYTES
from consilience.distributed.epochs.signing import PUBLIC_BYTES, Domain
from consilience.distributed.epochs.wire import number, require_u64
from consilience.errors import BadInput

__all__ = ["PlaneRoster"]


@dataclass(frozen=True)
class PlaneRoster:
    """Public keys of a deployment's nodes and producers; the same on all of them.

    Parameters
    ----------
    deployment : bytes
        Id of the deployment, 16 bytes.
    nodes : mapping of int to bytes
        Raw public keys by shard, 1 .. N without a gap: N is the number of shards.
    producers : mapping of int to bytes, optional
        Raw public keys by number, an u64.
    """

    deployment: bytes
    nodes: Mapping[int, bytes]
    producers: Mapping[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.deployment) != DEPLOYMENT_BYTES:
            raise BadInput(f"the id of a deployment is {DEPLOYMENT_BYTES} bytes")
        if not self.nodes or set(self.nodes) != set(range(1, len(self.nodes) + 1)):
            raise BadInput(
                f"a roster has the nodes {', '.join(map(str, sorted(self.nodes))) or 'none'}; it "
                "needs the key of each shard, node-1 .. node-N, without a gap"
            )
        require_u64("a roster", **{f"producer {one}": one for one in self.producers})
        keys = [*self.nodes.values(), *self.producers.values()]
        if any(len(key) != PUBLIC_BYTES for key in keys):
            raise BadInput(f"a public key of a roster has {PUBLIC_BYTES} bytes")
        if len(set(keys)) != len(keys):
            raise BadInput("two members of a roster have one key; every one needs its own")
        for kind in ("nodes", "producers"):
            object.__setattr__(self, kind, MappingProxyType(dict(getattr(self, kind))))

    @property
    def shards(self) -> int:
        """N."""
        return len(self.nodes)

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of what decides a total: tag, deployment, N, each node's key, ascending.

        Without the producers: each signs for itself, and may come and go.
        """
        keys = b"".join(key for _, key in sorted(self.nodes.items()))
        return sha256(Domain.PLANE + self.deployment + number(self.shards) + keys).digest()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the roster of a folder: ``deployment.id``, ``node-K.pub``, ``producer-N.pub``.

        Raises
        ------
        BadInput
            No id of the deployment, the key of a shard is missing, or what is in a file is no key.
        PermissionRefused
            Others could have put a key there.
        """
        deployment = read_deployment(folder)
        keys = read_public_keys(folder, ("node", "producer"))
        try:
            return cls(deployment, keys["node"], keys["producer"])
        except BadInput as error:
            raise BadInput(f"{folder}: {error}") from None
