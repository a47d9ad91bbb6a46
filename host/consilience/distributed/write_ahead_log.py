"""The write-ahead log of a shard: what is acknowledged outlives a kill."""

import fcntl
import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from threading import RLock

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.evidence.atomic_file import sync_path
from consilience.turns import in_turn

__all__ = ["AnotherFrame", "WriteAheadLog"]

_MAGIC = b"CNLG\2\0\0\0"
_LENGTH = struct.Struct("<I")
_HEADER = struct.Struct("<III")
_KEY = struct.Struct("<QQ")
_INCARNATION = struct.Struct("<Q")


class AnotherFrame(BadInput):
    """Another frame was acknowledged under this (epoch, seq)."""


class WriteAheadLog(Closes):
    """Frames of a shard, each acknowledged once it is on the disk, each once.

    A frame is known by (epoch, seq) of its one producer. The file ``frames``: magic, then per
    record its length u32, the CRC-32 of these four bytes u32, the CRC-32 of length and record
    u32, and the record: epoch u64, seq u64, payload. Little-endian. The length has a check of its
    own, so that a record cut short by a crash, which was never acknowledged, can be told from one
    whose length is damaged. Beside it stands ``incarnation``, one higher at every opening.

    Parameters
    ----------
    directory : Path
        Of this shard alone; made if it is not there.

    Raises
    ------
    BadInput
        It cannot be made or written, another process has it open, or ``incarnation`` is damaged.
    """

    def __init__(self, directory: Path) -> None:
        self._turns = RLock()
        self._digests: dict[tuple[int, int], bytes] = {}
        self._directory = directory
        self._path = directory / "frames"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise BadInput(
                f"{directory}: cannot hold a log ({error.strerror}); choose another --log"
            ) from None
        self._is_open = True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.incarnation = self._next_incarnation()
            sync_path(directory)
            self._begin()
        except BlockingIOError:
            self.close()
            raise BadInput(f"{directory}: another node has this log open; stop it first") from None
        except BaseException:
            self.close()
            raise

    def replay(self, epoch: int) -> Iterator[bytes]:
        """Yield the payload of every acknowledged frame of an epoch, in order, each once.

        A torn end, a last record that is not complete, is cut off; nothing else is.

        Raises
        ------
        BadInput
            The file is no log, or a record is damaged; the message names its first byte, and the
            file stays as it is.
        """
        end, last = len(_MAGIC), _MAGIC
        size = os.fstat(self._file).st_size
        seen: set[tuple[int, int]] = set()
        magic = os.pread(self._file, end, 0)
        if magic != _MAGIC:
            older = " of an older version" if magic[:4] == _MAGIC[:4] else ""
            cure = "finish with that, or choose another" if older else "choose another"
            raise BadInput(f"{self._path}: is no log of a shard{older}; {cure} --log")
        while size - end >= _HEADER.size:
            head = os.pread(self._file, _HEADER.size, end)
            length, length_check, check = _HEADER.unpack(head)
            if zlib.crc32(head[: _LENGTH.size]) != length_check or length < _KEY.size:
                raise self._damaged(end)
            if size - end - _HEADER.size < length:
                break
            record = os.pread(self._file, length, end + _HEADER.size)
            if zlib.crc32(head[: _LENGTH.size] + record) != check:
                raise self._damaged(end)
            key = _KEY.unpack_from(record)
            digest = hashlib.sha256(record).digest()
            if key in seen and digest != self._digests[key]:
                raise self._damaged(end)
            last = head + record
            end += len(last)
            if key not in seen and key[0] == epoch:
                yield record[_KEY.size :]
            seen.add(key)
            self._digests[key] = digest
        self._end = end
        if size > end:
            os.ftruncate(self._file, end)
        # A frame that a killed process left in the system's memory is now known, so acknowledged.
        # It is written again: if its sync failed, the system takes it for written.
        _write(self._file, last, end - len(last))
        os.fsync(self._file)

    @in_turn
    def accept(self, epoch: int, seq: int, payload: bytes) -> bool:
        """Put a frame on the disk; return False if it is there already. Returning acknowledges.

        Threads take turns.

        Raises
        ------
        AnotherFrame
            One was acknowledged under this (epoch, seq).
        OSError
            The disk did not take it: it is not acknowledged, and not in the log. Where that
            cannot be made sure of, the log is closed, and takes nothing more.
        """
        record = _KEY.pack(epoch, seq) + payload
        digest = hashlib.sha256(record).digest()
        known = self._digests.get((epoch, seq))
        if known is not None:
            if known != digest:
                raise AnotherFrame(f"{self._path}: holds another frame {seq} of epoch {epoch}")
            return False
        if not self._is_open:
            raise OSError(f"{self._path}: closed after a failure of the disk; start again")
        length = _LENGTH.pack(len(record))
        checks = zlib.crc32(length), zlib.crc32(length + record)
        self._append(_HEADER.pack(len(record), *checks) + record)
        self._digests[epoch, seq] = digest
        return True

    def frames(self, epoch: int) -> int:
        """Return the number of frames of an epoch that are on the disk."""
        return sum(key[0] == epoch for key in self._digests)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._is_open:
            self._is_open = False
            os.close(self._file)

    def _append(self, data: bytes) -> None:
        """Write a record whole and sync it, or leave none of it."""
        if os.fstat(self._file).st_size != self._end:
            self._roll_back()  # a call before was interrupted while it did so
        end, written = self._end + len(data), False
        try:
            _write(self._file, data, self._end)
            written = True
            os.fsync(self._file)
            self._end = end
        except BaseException as error:
            self._roll_back()
            if written and isinstance(error, OSError):
                # What the system has of the file in memory is not what is on the disk.
                self.close()
            raise

    def _roll_back(self) -> None:
        try:
            os.ftruncate(self._file, self._end)
            os.fsync(self._file)
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        """Write the magic of a new file, also where a crash left a part of it."""
        self._end = os.fstat(self._file).st_size
        if self._end < len(_MAGIC) and os.pread(self._file, self._end, 0) == _MAGIC[: self._end]:
            _write(self._file, _MAGIC, 0)
            self._end = len(_MAGIC)

    def _damaged(self, place: int) -> BadInput:
        return BadInput(
            f"{self._path}: damaged at byte {place}; acknowledged frames may be lost: restore it, "
            "or start anew with another --log"
        )

    def _next_incarnation(self) -> int:
        path = self._directory / "incarnation"
        try:
            number = int(path.read_text()) + 1 if path.exists() else 1
            _INCARNATION.pack(number)
        except (ValueError, IsADirectoryError, struct.error):
            raise BadInput(
                f"{path}: holds no number; restore it, or start anew with another --log"
            ) from None
        fresh = path.with_suffix(".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            _write(file, str(number).encode(), 0)
            os.fsync(file)
        finally:
            os.close(file)
        fresh.replace(path)
        return number


def _write(file: int, data: bytes, place: int) -> None:
    """Write all of `data`: the system may take less at a time."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(file, rest, place)
        rest, place = rest[written:], place + written
