"""The write-ahead log of a shard: what is acknowledged outlives a kill."""

import fcntl
import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from consilience.errors import BadInput

__all__ = ["WriteAheadLog"]

_HEADER = struct.Struct("<II")
_MAGIC = b"CNLG\1\0\0\0"
_KEY = struct.Struct("<QQ")


class WriteAheadLog:
    """Frames of a shard, each acknowledged once it is on the disk, each once.

    A frame is known by (epoch, seq) of its one producer. A file: magic, then per record its
    length u32, CRC-32 u32 and bytes; a record cut short by a crash was never acknowledged and is
    dropped. Beside it stands ``incarnation``, one higher at every opening.

    Parameters
    ----------
    directory : Path
        Of this shard alone; made if it is not there.

    Raises
    ------
    BadInput
        Another process has it open.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._digests: dict[tuple[int, int], bytes] = {}
        self._directory = directory
        self._file = (directory / "frames").open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise BadInput(f"{directory}: another node has this log open; stop it first") from None
        self.incarnation = self._next_incarnation()
        if self._file.tell() == 0:
            self._file.write(_MAGIC)
            self._sync()

    def replay(self, epoch: int) -> Iterator[bytes]:
        """Yield the payload of every acknowledged frame of an epoch, in order; cut a torn end off.

        Raises
        ------
        BadInput
            The file is no log, or a record before the last is damaged.
        """
        size = os.fstat(self._file.fileno()).st_size
        self._file.seek(0)
        if self._file.read(len(_MAGIC)) != _MAGIC:
            raise BadInput(f"{self._file.name}: is no log of a shard; choose another --log")
        end = self._file.tell()
        while True:
            head = self._file.read(_HEADER.size)
            if len(head) < _HEADER.size:
                break
            length, check = _HEADER.unpack(head)
            record = self._file.read(length)
            if len(record) < length or zlib.crc32(record) != check:
                if self._file.tell() < size:
                    raise BadInput(
                        f"{self._file.name}: damaged at byte {end}, before its end; acknowledged "
                        "frames are lost: restore it, or start anew with another --log"
                    )
                break
            end = self._file.tell()
            key = _KEY.unpack_from(record)
            self._digests[key] = hashlib.sha256(record).digest()
            if key[0] == epoch:
                yield record[_KEY.size :]
                self._file.seek(end)
        self._file.truncate(end)
        self._sync()

    def accept(self, epoch: int, seq: int, payload: bytes) -> bool:
        """Put a frame on the disk; return False if it is there already. Returning acknowledges.

        Raises
        ------
        BadInput
            Another frame was acknowledged under this (epoch, seq).
        """
        record = _KEY.pack(epoch, seq) + payload
        digest = hashlib.sha256(record).digest()
        known = self._digests.get((epoch, seq))
        if known is not None:
            if known != digest:
                raise BadInput(
                    f"{self._file.name}: holds another frame {seq} of epoch {epoch}; the evidence "
                    "or its options changed: choose another --log or --epoch"
                )
            return False
        self._file.seek(0, os.SEEK_END)
        self._file.write(_HEADER.pack(len(record), zlib.crc32(record)) + record)
        self._sync()
        self._digests[epoch, seq] = digest
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def _next_incarnation(self) -> int:
        path = self._directory / "incarnation"
        number = int(path.read_text()) + 1 if path.exists() else 1
        fresh = path.with_suffix(".new")
        with fresh.open("w") as file:
            file.write(str(number))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(self._directory, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        return number
