"""The state of a watch on disk: every line counts once, whenever the process is killed.

A folder of its own: ``state`` (settings, how far the input was read, monitor, ranks, runs that
have ended; replaced whole), ``alarms.jsonl`` (appended; cut at the start to what ``state`` knows),
``seed`` (of ties, secret), ``watch.lock``, and for a stream, whose lines come only once,
``input-N``: what was taken in, on the disk before it is judged. After a kill the lines since
``state`` are judged again, which gives the same bits.
"""

import fcntl
import hashlib
import json
import os
import secrets
import struct
from pathlib import Path
from typing import Any

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.evidence.atomic_file import naming, sync_path, write_file

__all__ = ["SavedWatch", "WatchFolder"]

_MAGIC = b"CNMW\2\0\0\0"
_LOCK = "watch.lock"
"""Made first: a folder without it is none of ours."""
_LENGTHS = struct.Struct("<QQQQ")


class SavedWatch:
    """What ``state`` holds.

    Parameters
    ----------
    facts : dict
        As JSON holds them.
    monitor, ranks, ended : bytes
        Canonical bytes; `ranks` is empty where there are none.
    """

    def __init__(self, facts: dict[str, Any], monitor: bytes, ranks: bytes, ended: bytes) -> None:
        self.facts, self.monitor, self.ranks, self.ended = facts, monitor, ranks, ended

    def __bytes__(self) -> bytes:
        facts = json.dumps(self.facts, sort_keys=True, separators=(",", ":")).encode()
        parts = facts, self.monitor, self.ranks, self.ended
        body = _MAGIC + _LENGTHS.pack(*map(len, parts)) + b"".join(parts)
        return body + hashlib.sha256(body).digest()

    @classmethod
    def of(cls, data: bytes, path: Path) -> "SavedWatch":
        """Return what the bytes of the file hold; BadInput if it is damaged."""
        body, check = data[:-32], data[-32:]
        start = len(_MAGIC) + _LENGTHS.size
        if body[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != check:
            raise BadInput(
                f"{path}: damaged, or of another version; restore it, or begin anew with another "
                "--state"
            )
        lengths = _LENGTHS.unpack_from(body, len(_MAGIC))
        parts = []
        for length in lengths:
            parts.append(body[start : start + length])
            start += length
        return cls(json.loads(parts[0]), *parts[1:])


class WatchFolder(Closes):
    """The folder of one watch, for one process at a time.

    Parameters
    ----------
    path : Path
        Made if it is not there.

    Raises
    ------
    BadInput
        It cannot be made or written, another process has it, or its state is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = path / _LOCK
            if not lock.exists() and any(path.iterdir()):
                raise BadInput(f"{path}: holds other files; give --state a folder of its own")
            self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BadInput(
                f"{path}: cannot hold the state ({error.strerror}); choose another --state"
            ) from None
        self._alarms = -1
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            sync_path(path)
            state = path / "state"
            self.saved = SavedWatch.of(state.read_bytes(), state) if state.exists() else None
            self._open_alarms()
        except BlockingIOError:
            self.close()
            raise BadInput(f"{path}: another process watches here; stop it first") from None
        except BaseException:
            self.close()
            raise

    def seed(self) -> int:
        """Return the seed of ties, drawn at the first call."""
        file = self.path / "seed"
        if not file.exists():
            if self.saved is not None:
                raise BadInput(
                    f"{file}: is gone, and with it the chances that break ties; restore it"
                )
            _replace(file, f"{secrets.randbits(64)}\n")
            file.chmod(0o600)
        try:
            return int(file.read_text())
        except ValueError:
            raise BadInput(f"{file}: holds no number; restore it") from None

    def say(self, lines: list[str]) -> None:
        """Append alarms; on the disk with the next `save`."""
        with naming(self.path / "alarms.jsonl"):
            data = memoryview("".join(f"{line}\n" for line in lines).encode())
            while data:
                data = data[os.write(self._alarms, data) :]

    def save(self, facts: dict[str, Any], monitor: bytes, ranks: bytes, ended: bytes) -> None:
        """Replace the state: from here on a process goes on after this."""
        with naming(self.path / "alarms.jsonl"):
            os.fsync(self._alarms)
            size = os.fstat(self._alarms).st_size
        saved = SavedWatch({**facts, "alarms": size}, monitor, ranks, ended)
        _replace(self.path / "state", bytes(saved))

    def close(self) -> None:
        """Let another process have it."""
        for file in (self._lock, self._alarms):
            if file >= 0:
                os.close(file)
        self._lock = self._alarms = -1

    def _open_alarms(self) -> None:
        path = self.path / "alarms.jsonl"
        self._alarms = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        kept = self.saved.facts["alarms"] if self.saved else 0
        if os.fstat(self._alarms).st_size < kept:
            raise BadInput(f"{path}: is shorter than the state knows; alarms are lost: restore it")
        os.ftruncate(self._alarms, kept)


def _replace(path: Path, content: str | bytes) -> None:
    try:
        write_file(path, content)
    except BadInput:
        raise BadInput(f"{path}: cannot be replaced; choose another --state") from None
