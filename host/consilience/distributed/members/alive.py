"""Signs of life: what a node holds now, said in answer to a call that nobody can foresee.

A state says for itself which is the later of two, and nothing of when. So who watches calls with a
nonce, 16 random bytes; each node answers with its present (incarnation, version) and the nonces
that it heard. What is so answered was true after the call was made, whoever carried it, repeated it
or held it back.
"""

import secrets
from dataclasses import dataclass
from typing import Self

from consilience.distributed.epochs.digests import HASH_BYTES
from consilience.distributed.epochs.wire import Reader, number, require_u64

__all__ = ["ALIVE", "CALL", "MOST_NONCES", "NONCE_BYTES", "Alive", "Nonces"]

CALL = "consilience.call"
"""Subject of nonces."""
ALIVE = "consilience.alive"
"""Subject of signs of life; a shard's has ``.EPOCH.SHARD`` after it."""
NONCE_BYTES = 16
MOST_NONCES = 256
"""That are answered at a time."""

_MAGIC = b"CNPA\1"


@dataclass(frozen=True)
class Alive:
    """A sign of life; who signs it is the shard.

    `bytes`: magic, epoch, incarnation, version (u64 LE), digest, count u64, nonces.

    Parameters
    ----------
    epoch, incarnation, version : int
        u64 each, of the node's state.
    digest : bytes
        `StateMessage.digest`.
    nonces : tuple of bytes
        Those that it answers.
    """

    epoch: int
    incarnation: int
    version: int
    digest: bytes
    nonces: tuple[bytes, ...]

    def __post_init__(self) -> None:
        require_u64(
            "a sign of life",
            epoch=self.epoch,
            incarnation=self.incarnation,
            version=self.version,
        )

    @property
    def order(self) -> tuple[int, int]:
        """(incarnation, version)."""
        return self.incarnation, self.version

    def __bytes__(self) -> bytes:
        head = number(self.epoch, self.incarnation, self.version) + self.digest
        return _MAGIC + head + number(len(self.nonces)) + b"".join(self.nonces)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the sign of `bytes`; BadInput for anything else."""
        reader = Reader("sign of life", _MAGIC, data)
        epoch, incarnation, version = reader.number(), reader.number(), reader.number()
        digest, count = reader.take(HASH_BYTES), reader.count(NONCE_BYTES)
        nonces = tuple(reader.take(NONCE_BYTES) for _ in range(count))
        reader.end()
        return cls(epoch, incarnation, version, digest, nonces)


class Nonces:
    """The nonces that a node has heard and not answered yet, `MOST_NONCES` at most.

    Of more, each has the same chance to stay: a flood of them delays an answer, and prevents none.
    """

    def __init__(self) -> None:
        self._heard: list[bytes] = []
        self._count = 0

    def hear(self, nonce: bytes) -> bool:
        """Keep a nonce; return False for what is none."""
        if len(nonce) != NONCE_BYTES:
            return False
        self._count += 1
        if len(self._heard) < MOST_NONCES:
            self._heard.append(nonce)
        elif (place := secrets.randbelow(self._count)) < MOST_NONCES:
            self._heard[place] = nonce
        return True

    def take(self) -> tuple[bytes, ...]:
        """Return those that are kept, and keep none of them."""
        heard, self._heard, self._count = tuple(self._heard), [], 0
        return heard
