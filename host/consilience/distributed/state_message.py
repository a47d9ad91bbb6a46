"""A shard's state as a message: one header, a digest over all of it, in pieces that fit."""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from functools import cached_property

from consilience.errors import BadInput

__all__ = ["OVERHEAD", "Piece", "StateMessage", "join"]

_TAG = b"consilience state message 1\0"
_IDENTITY = struct.Struct("<QIIQQB")
_PIECE = struct.Struct("<4sHII32s")
MAGIC = b"CNSP"
VERSION = 1
_CHECK = struct.Struct("<I")
_START = _PIECE.size + _IDENTITY.size
OVERHEAD = _START + _CHECK.size
"""Bytes of a piece beside its part of the state."""
_COMPLETE, _VOLATILE = 1, 2


@dataclass(frozen=True)
class StateMessage:
    """The cumulative state of one shard at one moment.

    Parameters
    ----------
    epoch : int
        u64: states of other epochs are no part of a total.
    shard, shards : int
        The shard, 1 .. `shards`.
    incarnation, version : int
        u64 each; a message replaces those with a lower (incarnation, version).
    complete : bool
        The shard has read all its evidence.
    volatile : bool
        What it has acknowledged does not outlive a restart.
    state : bytes
        Canonical bytes of the state.
    """

    epoch: int
    shard: int
    shards: int
    incarnation: int
    version: int
    complete: bool
    volatile: bool
    state: bytes

    @property
    def order(self) -> tuple[int, int]:
        """(incarnation, version)."""
        return self.incarnation, self.version

    @cached_property
    def identity(self) -> bytes:
        """All fields but the state, as bytes."""
        flags = _COMPLETE * self.complete | _VOLATILE * self.volatile
        return _IDENTITY.pack(
            self.epoch, self.shard, self.shards, self.incarnation, self.version, flags
        )

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 over a tag, `identity` and the state."""
        return hashlib.sha256(_TAG + self.identity + self.state).digest()

    def pieces(self, payload: int) -> list[bytes]:
        """Return the message in pieces of at most `payload` bytes: magic, version u16, number u32,
        pieces u32, digest, `identity`, part of the state, CRC-32 of all that (u32 LE).

        The digest says whether the state is right; the CRC keeps one damaged header from passing
        for a newer state, for which the good ones would be dropped.
        """
        room = payload - OVERHEAD
        if room < 1:
            raise BadInput(f"a payload of {payload} bytes has no room beside {OVERHEAD} of header")
        count = max(1, -(-len(self.state) // room))
        bodies = (
            _PIECE.pack(MAGIC, VERSION, number, count, self.digest)
            + self.identity
            + self.state[number * room : (number + 1) * room]
            for number in range(count)
        )
        return [body + _CHECK.pack(zlib.crc32(body)) for body in bodies]


@dataclass(frozen=True)
class Piece:
    """One piece of a message, as received; not trusted before `join`."""

    number: int
    count: int
    digest: bytes
    identity: bytes
    part: bytes

    @classmethod
    def of(cls, data: bytes) -> "Piece":
        """Return the piece of `data`; BadInput if it is none."""
        if len(data) < OVERHEAD:
            raise BadInput(f"{len(data)} bytes are no piece of a state")
        magic, version, number, count, digest = _PIECE.unpack_from(data)
        whole = _CHECK.pack(zlib.crc32(data[: -_CHECK.size])) == data[-_CHECK.size :]
        if not whole or magic != MAGIC or version != VERSION or number >= count:
            raise BadInput("the bytes are no piece of a state of this version")
        identity, part = data[_PIECE.size : _START], data[_START : -_CHECK.size]
        return cls(number, count, digest, identity, part)

    @property
    def place(self) -> tuple[int, int]:
        """(epoch, shard)."""
        return _IDENTITY.unpack(self.identity)[:2]

    @property
    def order(self) -> tuple[int, int]:
        """(incarnation, version)."""
        return _IDENTITY.unpack(self.identity)[3:5]


def join(pieces: list[Piece]) -> StateMessage:
    """Return the message of all its pieces in order; BadInput if its digest is another."""
    fields: tuple[int, int, int, int, int, int] = _IDENTITY.unpack(pieces[0].identity)
    state = b"".join(piece.part for piece in pieces)
    complete, volatile = bool(fields[5] & _COMPLETE), bool(fields[5] & _VOLATILE)
    message = StateMessage(*fields[:5], complete, volatile, state)
    if message.identity != pieces[0].identity or message.digest != pieces[0].digest:
        raise BadInput("the digest of a received state is not its own; it was damaged")
    return message
