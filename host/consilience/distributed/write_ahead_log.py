"""The write-ahead log of a shard: what is acknowledged outlives a kill."""

import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from threading import RLock

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.evidence.atomic_file import sync_path
from consilience.evidence.record_file import RecordFile, framed, write_all
from consilience.turns import in_turn

__all__ = ["AnotherFrame", "WriteAheadLog"]

_MAGIC = b"CNLG\2\0\0\0"
_KEY = struct.Struct("<QQ")
_INCARNATION = struct.Struct("<Q")
_CURE = "start anew with another --log"


class AnotherFrame(BadInput):
    """Another frame was acknowledged under this (epoch, seq)."""


class WriteAheadLog(Closes):
    """Frames of a shard, each acknowledged once it is on the disk, each once.

    A frame is known by (epoch, seq) of its one producer. The file ``frames`` is a `RecordFile` of
    records epoch u64, seq u64, payload; little-endian. Beside it stands ``incarnation``, one higher
    at every opening.

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
            self._frames = RecordFile(
                self._path, _MAGIC, _KEY.size, "log of a shard", _CURE, mode=0o666
            )
        except OSError as error:
            raise BadInput(
                f"{directory}: cannot hold a log ({error.strerror}); choose another --log"
            ) from None
        try:
            self._frames.lock()
            self.incarnation = self._next_incarnation()
            sync_path(directory)
            self._frames.begin()
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
        seen: set[tuple[int, int]] = set()
        for record in self._frames.records():
            key = _KEY.unpack_from(record)
            digest = hashlib.sha256(record).digest()
            if key in seen and digest != self._digests[key]:
                raise self._frames.damaged(self._frames.place)
            if key not in seen and key[0] == epoch:
                yield record[_KEY.size :]
            seen.add(key)
            self._digests[key] = digest

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
        self._append(record)
        self._digests[epoch, seq] = digest
        return True

    def frames(self, epoch: int) -> int:
        """Return the number of frames of an epoch that are on the disk."""
        return sum(key[0] == epoch for key in self._digests)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._frames.close()

    def _append(self, record: bytes) -> None:
        """Write a record whole and sync it, or leave none of it."""
        self._frames.append([framed(record)])

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
            write_all(file, str(number).encode(), 0)
            os.fsync(file)
        finally:
            os.close(file)
        fresh.replace(path)
        return number
