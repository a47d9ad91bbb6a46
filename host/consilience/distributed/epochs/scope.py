"""Which deployment and shard a signed message is about: elsewhere it means nothing."""

from dataclasses import dataclass
from typing import Self

from consilience.distributed.epochs.wire import Reader, number
from consilience.errors import BadInput

__all__ = ["DEPLOYMENT_BYTES", "Scope"]

DEPLOYMENT_BYTES = 16


@dataclass(frozen=True)
class Scope:
    """A shard of a deployment.

    Parameters
    ----------
    deployment : bytes
        Its id, `DEPLOYMENT_BYTES`, drawn once (`deployment_file`).
    shard : int
        u64.
    """

    deployment: bytes
    shard: int

    def __post_init__(self) -> None:
        if not isinstance(self.deployment, bytes) or len(self.deployment) != DEPLOYMENT_BYTES:
            raise BadInput(f"the id of a deployment is {DEPLOYMENT_BYTES} bytes")
        if not 0 <= self.shard < 1 << 64:
            raise BadInput(f"shard {self.shard} is not an u64")

    def __bytes__(self) -> bytes:
        """The id of the deployment, then the shard (u64 LE): always of one length."""
        return self.deployment + number(self.shard)

    @classmethod
    def taken(cls, reader: Reader) -> Self:
        """Return the scope that comes next in some bytes."""
        return cls(reader.take(DEPLOYMENT_BYTES), reader.number())
