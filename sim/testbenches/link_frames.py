"""Frames of the link, built and parsed with the public packages: an oracle for the gateware's."""

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

from checker import CheckFailed
from cobs import cobs
from stream_monitor import Transfer

__all__ = ["Frame", "FrameParser", "encode_frame"]


class Frame(NamedTuple):
    """Type, sequence number and payload."""

    type: int
    sequence: int
    payload: bytes

    @property
    def words(self) -> tuple[int, ...]:
        """The payload as little-endian u32 words."""
        return struct.unpack(f"<{len(self.payload) // 4}I", self.payload)


def encode_frame(frame: Frame, *, flip: int = 0) -> bytes:
    """Return the bytes of a frame, its zero included; bits of `flip` spoil its CRC-32."""
    body = bytes([frame.type, frame.sequence]) + frame.payload
    checked = body + struct.pack("<I", zlib.crc32(body) ^ flip)
    encoded: bytes = cobs.encode(checked)
    return encoded + b"\0"


class FrameParser:
    """Bytes from a device to frames; any frame that is not whole fails the test.

    Parameters
    ----------
    observe : callable
        Called with each `Frame`.
    """

    def __init__(self, observe: Callable[[Frame], None]) -> None:
        self._observe = observe
        self._bytes = bytearray()

    def reset(self) -> None:
        """Forget a frame that a reset has cut off."""
        self._bytes.clear()

    @property
    def inside(self) -> bool:
        """Whether a frame has begun."""
        return bool(self._bytes)

    def take(self, transfer: Transfer) -> None:
        """Take the next byte.

        Raises
        ------
        CheckFailed
            The frame that it ends is broken.
        """
        if transfer.payload:
            self._bytes.append(transfer.payload)
            return
        encoded = bytes(self._bytes)
        self._bytes.clear()
        try:
            decoded = cobs.decode(encoded)
        except cobs.DecodeError as error:
            raise CheckFailed(
                f"a frame of the device is no COBS ({error}): {encoded.hex()}"
            ) from None
        body, crc = decoded[:-4], decoded[-4:]
        if len(body) < 2 or len(body) % 4 != 2 or struct.pack("<I", zlib.crc32(body)) != crc:
            raise CheckFailed(f"a frame of the device has a wrong length or CRC: {decoded.hex()}")
        self._observe(Frame(body[0], body[1], body[2:]))
