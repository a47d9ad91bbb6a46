"""A file of records, each on the disk before it is said to be: what a crash leaves can be told.

Magic of 8 bytes, then per record its length u32, the CRC-32 of these four bytes u32, the CRC-32 of
length and record u32, and the record; little-endian. The length has a check of its own, so that a
record cut short by a crash, which was never acknowledged, can be told from one whose length is
damaged.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from consilience.closing import Closes
from consilience.errors import BadInput

__all__ = ["RecordFile", "framed", "write_all"]

_MAGIC_BYTES = 8
_LENGTH = struct.Struct("<I")
_HEADER = struct.Struct("<III")


def framed(record: bytes) -> bytes:
    """Return a record with its length and checks."""
    length = _LENGTH.pack(len(record))
    return _HEADER.pack(len(record), zlib.crc32(length), zlib.crc32(length + record)) + record


class RecordFile(Closes):
    """An open file of records, for one writer.

    Parameters
    ----------
    path : Path
        Made if it is not there.
    magic : bytes
        8 bytes; the last 4 say the version.
    least : int
        A record has so many bytes or more.
    kind, cure : str
        What the file is, and what a user may do about a damaged one, for messages.
    mode : int
        Permissions of a new file, before the umask.

    Attributes
    ----------
    end : int
        Bytes that are known to be whole.
    place : int
        Of the record that was yielded last.
    syncs : int
        How often the disk was waited for.

    Raises
    ------
    OSError
        It cannot be opened.
    """

    def __init__(
        self, path: Path, magic: bytes, least: int, kind: str, cure: str, mode: int = 0o600
    ) -> None:
        self.path, self._magic, self._least = path, magic, least
        self._kind, self._cure = kind, cure
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, mode)
        self.syncs = self.place = 0
        self.end = os.fstat(self._file).st_size

    def lock(self) -> None:
        """Keep it to this process as long as it is open; BlockingIOError if another has it."""
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def begin(self) -> None:
        """Write the magic of a new file, also where a crash left a part of it."""
        whole = self._magic
        if self.end < len(whole) and os.pread(self._file, self.end, 0) == whole[: self.end]:
            write_all(self._file, whole, 0)
            self.end = len(whole)

    @property
    def is_open(self) -> bool:
        """Whether it takes records: not after a failure that may have left a part of one."""
        return self._file >= 0

    def records(self, *, is_last: bool = True) -> Iterator[bytes]:
        """Yield the records in order; then it may be appended to.

        A torn end, a last record that is not complete, is cut off; nothing else is.

        Parameters
        ----------
        is_last : bool
            Records were appended to this file last: a torn end may be. Else it is damage.

        Raises
        ------
        BadInput
            Another magic, or a record is damaged; the message names its first byte, and the file
            stays as it is.
        """
        size = os.fstat(self._file).st_size
        found = os.pread(self._file, _MAGIC_BYTES, 0)
        if found != self._magic:
            other = " of this version" if found[:4] == self._magic[:4] else ""
            raise BadInput(f"{self.path}: is no {self._kind}{other}; {self._cure}")
        end, last = _MAGIC_BYTES, self._magic
        while size - end >= _HEADER.size:
            head = os.pread(self._file, _HEADER.size, end)
            length, length_check, check = _HEADER.unpack(head)
            if zlib.crc32(head[: _LENGTH.size]) != length_check or length < self._least:
                raise self.damaged(end)
            if size - end - _HEADER.size < length:
                break
            record = os.pread(self._file, length, end + _HEADER.size)
            if zlib.crc32(head[: _LENGTH.size] + record) != check:
                raise self.damaged(end)
            self.place = end
            yield record
            last = head + record
            end += len(last)
        if size > end and not is_last:
            raise self.damaged(end)
        self.end = end
        if not is_last:
            return
        if size > end:
            os.ftruncate(self._file, end)
        # A record that a killed process left in the system's memory is now known, so acknowledged.
        # It is written again: if its sync failed, the system takes it for written.
        write_all(self._file, last, end - len(last))
        self._sync()

    def append(self, records: Sequence[bytes]) -> None:
        """Write records and sync them once: all of them are on the disk then, or none.

        Parameters
        ----------
        records : sequence of bytes
            `framed`.

        Raises
        ------
        OSError
            The disk did not take them. Where it cannot be made sure that none is left, or what the
            system has of the file in memory is not what is on the disk, the file is closed.
        """
        if not self.is_open:
            raise OSError(f"{self.path}: closed after a failure of the disk; start again")
        if os.fstat(self._file).st_size != self.end:
            self._roll_back()  # a call before was interrupted while it did so
        data, written = b"".join(records), False
        try:
            write_all(self._file, data, self.end)
            written = True
            self._sync()
            self.end += len(data)
        except BaseException as error:
            self._roll_back()
            if written and isinstance(error, OSError):
                self.close()
            raise

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file >= 0:
            file, self._file = self._file, -1
            os.close(file)

    def damaged(self, place: int) -> BadInput:
        """Return the error of a record that is not what was written."""
        return BadInput(
            f"{self.path}: damaged at byte {place}; acknowledged records may be lost: restore it, "
            f"or {self._cure}"
        )

    def _roll_back(self) -> None:
        try:
            os.ftruncate(self._file, self.end)
            self._sync()
        except BaseException:
            self.close()
            raise

    def _sync(self) -> None:
        self.syncs += 1
        os.fsync(self._file)


def write_all(file: int, data: bytes, place: int) -> None:
    """Write all of `data`: the system may take less at a time."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(file, rest, place)
        rest, place = rest[written:], place + written
