"""A dated state: a state with its sender's elapsed time, and echoes of others' times."""

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from consilience.distributed.state_message import Piece, StateMessage, join
from consilience.errors import BadInput

__all__ = ["DatedState", "Echo", "pack_dated_state"]

_MAGIC = b"CNST"
_VERSION = 1
_HEADER = struct.Struct("<4sHIQ")
_ECHO = struct.Struct("<QQI")
_CHECK = struct.Struct("<I")
_WHOLE = 1 << 31


class Echo(NamedTuple):
    """The latest elapsed time that the sender had received from a node.

    Parameters
    ----------
    incarnation : int
        Of the node whose time it is; 0: nothing received.
    elapsed_ns : int
        That node's elapsed time, as it sent it.
    held_us : int
        How long before its own `elapsed` the sender had received it, cut to microseconds.
    """

    incarnation: int
    elapsed_ns: int
    held_us: int


def pack_dated_state(elapsed_ns: int, echoes: bytes, message: StateMessage) -> bytes:
    """Return the bytes of a dated state.

    Magic, version u16, shards u32, elapsed u64 in ns; per shard its echo (incarnation u64, elapsed
    u64 in ns, held u32 in us); the state as one piece; CRC-32 of all that, little-endian.

    Parameters
    ----------
    elapsed_ns : int
        The sender's time since its start, read before the state was.
    echoes : bytes
        20 bytes a shard, as above.
    message : StateMessage
    """
    pieces = message.pieces(_WHOLE)
    body = _HEADER.pack(_MAGIC, _VERSION, message.shards, elapsed_ns) + echoes + pieces[0]
    return body + _CHECK.pack(zlib.crc32(body))


@dataclass(frozen=True)
class DatedState:
    """A dated state as received. Its digest is checked by `message` only."""

    elapsed_ns: int
    shards: int
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> "DatedState":
        """Return the dated state of `data`; BadInput if it is none."""
        if len(data) < _HEADER.size + _CHECK.size:
            raise BadInput(f"{len(data)} bytes are no dated state")
        magic, version, shards, elapsed = _HEADER.unpack_from(data)
        if (magic, version) != (_MAGIC, _VERSION):
            raise BadInput("the bytes are no dated state of this version")
        if zlib.crc32(memoryview(data)[: -_CHECK.size]) != _CHECK.unpack(data[-_CHECK.size :])[0]:
            raise BadInput("a dated state was damaged on its way")
        if len(data) < _HEADER.size + _ECHO.size * shards + _CHECK.size:
            raise BadInput("a dated state is shorter than its echoes")
        return cls(elapsed, shards, data)

    @cached_property
    def piece(self) -> Piece:
        """The state's one piece; BadInput if it is none."""
        start = _HEADER.size + _ECHO.size * self.shards
        return Piece.of(self.data[start : -_CHECK.size])

    @property
    def message(self) -> StateMessage:
        """The state; BadInput if its digest is another or it comes in several pieces."""
        if self.piece.count != 1:
            raise BadInput("a dated state is one piece")
        return join([self.piece])

    def echo(self, shard: int) -> Echo:
        """Return the echo of the node of `shard`, 1 .. `shards`."""
        return Echo(*_ECHO.unpack_from(self.data, _HEADER.size + _ECHO.size * (shard - 1)))
