"""Frames of the link: ``COBS(type, sequence, payload, CRC-32) 0x00``."""

import struct
import zlib
from typing import NamedTuple

from cobs import cobs

from consilience_hw.spec.link_map import (
    CRC_BYTES,
    FRAME_HEADER_BYTES,
    LARGEST_PAYLOAD,
    REPLY_WORDS,
    REQUEST_WORDS,
)

__all__ = ["REPLY_FIELDS", "REQUEST_FIELDS", "FrameDecoder", "LinkFrame", "encode_frame"]

REQUEST_FIELDS = struct.Struct(f"<{REQUEST_WORDS}I")
REPLY_FIELDS = struct.Struct(f"<{REPLY_WORDS}I")
"""What a payload begins with: `link_map.REQUEST_HEADER` and `REPLY_HEADER`."""

_CRC_RESIDUE = zlib.crc32(bytes(CRC_BYTES))
"""CRC-32 of anything that ends with its own CRC-32."""

_LONGEST_BLOCK = 254
"""Bytes that one COBS code byte stands before, at most."""


class LinkFrame(NamedTuple):
    """A frame whose CRC is right."""

    type: int
    sequence: int
    payload: bytes


def encode_frame(frame_type: int, sequence: int, *payload: bytes) -> bytes:
    """Return the bytes of a frame, its zero included; the payload may be in parts."""
    content = b"".join((bytes((frame_type, sequence)), *payload))
    encoded: bytes = cobs.encode(content + zlib.crc32(content).to_bytes(CRC_BYTES, "little"))
    return encoded + b"\0"


class FrameDecoder:
    """Bytes in pieces of any size to frames; what is damaged is dropped and counted.

    A zero always resynchronises; zeros in a row leave no trace. Memory is bounded by the largest
    frame, whatever comes. Each dropped frame counts once, under the first cause that fits, so
    ``bad_framing + bad_crc`` are the drops that a device counts for the same bytes.

    Parameters
    ----------
    smallest_payload : int
        Bytes; frames with less are runts.
    largest_payload : int
        Bytes.

    Attributes
    ----------
    bad_cobs : int
        Frames dropped because they ended inside a COBS block.
    runts : int
        ... because they were too short.
    bad_length : int
        ... because they were too long, or not of whole words.
    bad_crc : int
        ... because their CRC-32 was wrong.
    """

    def __init__(self, smallest_payload: int, largest_payload: int = LARGEST_PAYLOAD) -> None:
        overhead = FRAME_HEADER_BYTES + CRC_BYTES
        self._shortest = smallest_payload + overhead
        self._longest = largest_payload + overhead
        # Holds for any COBS encoding, not just the shortest: only full blocks add bytes.
        self._longest_encoded = self._longest + self._longest // _LONGEST_BLOCK + 1
        self._begun = bytearray()
        self._too_long = False
        self.bad_cobs = self.bad_length = self.runts = self.bad_crc = 0

    @property
    def bad_framing(self) -> int:
        """Frames dropped for any cause but their CRC."""
        return self.bad_cobs + self.bad_length + self.runts

    def reset(self) -> None:
        """Forget a frame that has begun; counters stay."""
        self._begun.clear()
        self._too_long = False

    def feed(self, data: bytes) -> list[LinkFrame]:
        """Take bytes and return the good frames that they complete."""
        *ended, rest = data.split(b"\0")
        frames = []
        for part in ended:
            if self._begun or self._too_long:
                self._take(part)
                too_long, part = self._too_long, bytes(self._begun)
                self.reset()
            else:
                too_long = len(part) > self._longest_encoded
            if too_long:
                self.bad_length += 1
            elif part and (frame := self._decode(part)) is not None:
                frames.append(frame)
        self._take(rest)
        return frames

    def _take(self, part: bytes) -> None:
        """Put bytes to the frame that has begun, or drop all of it if it grows too long."""
        if self._too_long or len(self._begun) + len(part) > self._longest_encoded:
            self._too_long = True
            self._begun.clear()
        else:
            self._begun += part

    def _decode(self, encoded: bytes) -> LinkFrame | None:
        try:
            content: bytes = cobs.decode(encoded)
        except cobs.DecodeError:
            self.bad_cobs += 1
            return None
        if len(content) < self._shortest:
            self.runts += 1
        elif len(content) > self._longest or (len(content) - FRAME_HEADER_BYTES) % 4:
            self.bad_length += 1
        elif zlib.crc32(content) != _CRC_RESIDUE:
            self.bad_crc += 1
        else:
            return LinkFrame(content[0], content[1], content[FRAME_HEADER_BYTES:-CRC_BYTES])
        return None
