"""Frames of the link, written from docs/link.md: the oracle for host, gateware and benches.

Nothing here comes from the product, nor from the COBS package that the host uses.
"""

import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

__all__ = [
    "Frame",
    "WrongCrc",
    "WrongFraming",
    "cobs_decode",
    "cobs_encode",
    "crc32",
    "encode_content",
    "encode_frame",
    "frame_of",
    "frames_of",
    "packed",
    "request_frame",
    "sealed",
    "unpacked",
]

_FULL = 254
"""Bytes of a block that no zero ends."""


class WrongFraming(ValueError):
    """The bytes before a zero are no COBS, or too short for a frame."""


class WrongCrc(ValueError):
    """The CRC-32 of a frame is not that of its content."""


class Frame(NamedTuple):
    """Type, sequence number and payload."""

    type: int
    sequence: int
    payload: bytes

    @property
    def words(self) -> tuple[int, ...]:
        """The payload as little-endian u32 words."""
        return unpacked(self.payload)


def packed(words: Iterable[int]) -> bytes:
    """Return integers of either sign as little-endian words of 32 bits."""
    return b"".join((word & 0xFFFF_FFFF).to_bytes(4, "little") for word in words)


def unpacked(data: bytes) -> tuple[int, ...]:
    """Return the little-endian u32 words of `data`."""
    return struct.unpack(f"<{len(data) // 4}I", data)


def crc32(data: bytes, before: int = 0) -> int:
    """Return the CRC-32/ISO-HDLC of `data`, continued from that of the bytes before it."""
    return zlib.crc32(data, before)


def sealed(data: bytes, flip: int = 0) -> bytes:
    """Return `data` and its CRC-32, in which the bits of `flip` are wrong."""
    return data + packed([crc32(data) ^ flip])


def cobs_encode(content: bytes) -> bytes:
    """Return the shortest COBS of `content`, without a zero at its end."""
    encoded = bytearray()
    runs = content.split(b"\0")
    for run in runs:
        whole = len(run) - len(run) % _FULL
        for start in range(0, whole, _FULL):
            encoded += b"\xff" + run[start : start + _FULL]
        encoded += bytes([len(run) - whole + 1]) + run[whole:]
    if runs[-1] and len(runs[-1]) % _FULL == 0:
        del encoded[-1]  # A full block at the very end needs no empty one behind it.
    return bytes(encoded)


def cobs_decode(encoded: bytes) -> bytes:
    """Return the content of COBS; WrongFraming if a block ends early or a zero is inside."""
    content = bytearray()
    place, end = 0, len(encoded)
    while place < end:
        code = encoded[place]
        if code == 0:
            raise WrongFraming("a zero stands in a frame")
        content += encoded[place + 1 : place + code]
        place += code
        if code <= _FULL and place < end:
            content.append(0)
    if place > end:
        raise WrongFraming("the last block ends early")
    return bytes(content)


def encode_content(content: bytes, flip: int = 0) -> bytes:
    """Return content (type, sequence, payload) as bytes of the link, CRC-32 and zero included."""
    return cobs_encode(sealed(content, flip)) + b"\0"


def encode_frame(frame: Frame, *, flip: int = 0) -> bytes:
    """Return a frame as bytes of the link; the bits of `flip` are wrong in its CRC-32."""
    return encode_content(bytes([frame.type, frame.sequence & 0xFF]) + frame.payload, flip)


def request_frame(
    kind: int,
    sequence: int,
    nonce: int,
    operation: int,
    data: bytes = b"",
    fragment: int = 0,
    total: int = 0,
) -> bytes:
    """Return a request as bytes of the link; each number of its header is taken modulo 2**32."""
    payload = packed([nonce, operation, fragment, total]) + data
    return encode_frame(Frame(kind, sequence, payload))


def frame_of(encoded: bytes) -> Frame:
    """Return one frame, given without its zero.

    Raises
    ------
    WrongFraming, WrongCrc
        The frame is damaged.
    """
    checked = cobs_decode(encoded)
    content = checked[:-4]
    if len(content) < 2:
        raise WrongFraming("too short for type, sequence and CRC-32")
    if checked != sealed(content):
        raise WrongCrc(f"the CRC-32 is {checked[-4:].hex()}")
    return Frame(content[0], content[1], content[2:])


def frames_of(stream: bytes) -> list[Frame]:
    """Return the frames of a stream that ends with a zero; each is whole, or this raises."""
    *whole, rest = stream.split(b"\0")
    if rest:
        raise WrongFraming("the stream ends inside a frame")
    return [frame_of(encoded) for encoded in whole if encoded]
