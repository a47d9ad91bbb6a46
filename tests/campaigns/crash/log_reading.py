"""The file of a write-ahead log, read as its documentation says: shares no code with the product.

Magic ``CNLG`` 2 0 0 0; per record its length u32, the CRC-32 of these four bytes, the CRC-32 of
length and record, and the record: epoch u64, seq u64, payload. Little-endian. Only a last record
that is not complete is a torn end; everything else that is wrong is damage.
"""

import binascii
from dataclasses import dataclass

__all__ = ["LogReading", "read_log"]

MAGIC = bytes.fromhex("434e4c4702000000")

Frame = tuple[int, int, bytes]
"""Epoch, seq and payload."""


@dataclass(frozen=True)
class LogReading:
    """What a file holds.

    Parameters
    ----------
    frames : tuple of Frame
        In order, each once.
    whole : int
        Bytes up to the end of the last whole record.
    damaged : bool
        What comes behind is damage, not a torn end.
    """

    frames: tuple[Frame, ...]
    whole: int
    damaged: bool


def read_log(data: bytes) -> LogReading:
    """Return what the bytes of a log hold."""
    frames: dict[tuple[int, int], bytes] = {}
    place = len(MAGIC)
    if len(data) < place and MAGIC.startswith(data):
        return LogReading((), 0, False)
    if data[:place] != MAGIC:
        return LogReading((), 0, True)

    def reading(damaged: bool) -> LogReading:
        held = tuple((epoch, seq, payload) for (epoch, seq), payload in frames.items())
        return LogReading(held, place, damaged)

    while len(data) >= place + 12:
        length, of_length, of_all = (number(data[place + at : place + at + 4]) for at in (0, 4, 8))
        if binascii.crc32(data[place : place + 4]) != of_length or length < 16:
            return reading(True)
        record = data[place + 12 : place + 12 + length]
        if len(record) < length:
            return reading(False)
        if binascii.crc32(data[place : place + 4] + record) != of_all:
            return reading(True)
        key, payload = (number(record[:8]), number(record[8:16])), record[16:]
        if frames.setdefault(key, payload) != payload:
            return reading(True)
        place += 12 + length
    return reading(False)


def number(data: bytes) -> int:
    """Return an unsigned number of little-endian bytes."""
    return int.from_bytes(data, "little")
