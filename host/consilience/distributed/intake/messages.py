"""What producers and shards say to each other: evidence, and receipts for it."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from hashlib import sha256
from typing import Self

from consilience.distributed.epochs.digests import HASH_BYTES
from consilience.distributed.epochs.wire import Reader, number, require_u64
from consilience.errors import BadInput

__all__ = ["EVIDENCE", "RECEIPTS", "EvidenceMessage", "Fate", "Receipt"]

EVIDENCE = "consilience.evidence"
"""Subject of evidence; that of a shard has ``.EPOCH.SHARD`` after it."""
RECEIPTS = "consilience.receipt"
"""Subject of receipts; a producer's have ``.EPOCH.SHARD.PRODUCER`` after it."""

_MAGIC = b"CNEV1\0"
_RECEIPT = b"CNRC1\0"


@dataclass(frozen=True)
class EvidenceMessage:
    """Rows of agents of one shard, summed.

    `bytes`: magic, epoch, shard, producer, seq (u64 LE), sums.

    Parameters
    ----------
    epoch, shard, producer, seq : int
        u64 each. `seq` numbers what the producer sends in the epoch: a message is known by
        (producer, epoch, seq), and counts once.
    sums : bytes
        Of `EvidenceSums`.
    """

    epoch: int
    shard: int
    producer: int
    seq: int
    sums: bytes

    def __post_init__(self) -> None:
        require_u64(
            "evidence", epoch=self.epoch, shard=self.shard, producer=self.producer, seq=self.seq
        )

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of `bytes`: what a receipt is for."""
        return sha256(bytes(self)).digest()

    def __bytes__(self) -> bytes:
        return _MAGIC + number(self.epoch, self.shard, self.producer, self.seq) + self.sums

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the message of `bytes`, whose sums may be none; BadInput for anything else."""
        reader = Reader("message of evidence", _MAGIC, data)
        place = reader.number(), reader.number(), reader.number(), reader.number()
        return cls(*place, reader.rest())


class Fate(IntEnum):
    """What became of evidence."""

    TAKEN = 0
    """It is on the disk, and in the state."""
    KNOWN = 1
    """It was before."""
    REFUSED = 2
    """It never will be."""


@dataclass(frozen=True)
class Receipt:
    """What a shard says about a message of evidence.

    `bytes`: magic, digest, fate (u64 LE), words in UTF-8.

    Parameters
    ----------
    digest : bytes
        Of the message: place, number and evidence.
    fate : Fate
    words : str
        Why it was refused, and the cure.
    """

    digest: bytes
    fate: Fate
    words: str = ""

    def __bytes__(self) -> bytes:
        return _RECEIPT + self.digest + number(self.fate) + self.words.encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the receipt of `bytes`; BadInput for anything else."""
        reader = Reader("receipt", _RECEIPT, data)
        digest, fate, words = reader.take(HASH_BYTES), reader.number(), reader.rest()
        try:
            return cls(digest, Fate(fate), words.decode())
        except ValueError:
            raise BadInput("the bytes are no receipt of this version") from None
