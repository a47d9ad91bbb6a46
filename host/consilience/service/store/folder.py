"""The folder of a service: who it is, its secret, and that nobody else has it."""

import contextlib
import fcntl
import os
import secrets
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.evidence.atomic_file import sync_path, write_file

__all__ = ["LOCK", "RESTORING", "Sizes", "StateFolder"]

LOCK = "service.lock"
"""Made first: a folder without it is none of ours. Of a restored one it is made last."""

RESTORING = "restoring"
"""There while a backup is brought back, and if that was interrupted."""

_BEFORE = ("access.db", "access.db-shm", "access.db-wal", "changes.jsonl")
"""What may be there before it: tokens are made before the first start."""


_PARTS = "log", "snapshots", "audit", "service.db", "history.db", "access.db", "alerts.db"


class Sizes(NamedTuple):
    """How large a state is.

    Parameters
    ----------
    parts : dict of str to int
        Bytes of log, snapshots, audit, service.db, history.db, access.db, alerts.db, and other.
    free : int
        Bytes that are left on its disk.
    """

    parts: dict[str, int]
    free: int


class StateFolder(Closes):
    """The folder of one service, for one process at a time.

    Parameters
    ----------
    path : Path
        Made if it is not there, for this user alone.

    Attributes
    ----------
    deployment : str
        16 bytes in hexadecimal, drawn once: who sends again sends to the same one.
    seed : int
        Of ties, secret, drawn once.

    Raises
    ------
    BadInput
        It cannot be made or written, holds other files, or another process has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = -1
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if (path / RESTORING).exists():
                raise BadInput(
                    f"{path}: a restore into it is going on, or was interrupted; empty it, and "
                    "restore the backup again"
                )
            lock = path / LOCK
            is_new = not lock.exists()
            if is_new and any(one.name not in _BEFORE for one in path.iterdir()):
                raise BadInput(f"{path}: holds other files; give --state a folder of its own")
            self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            sync_path(path)
            self.deployment = self._drawn("deployment", is_new)
            self.seed = int(self._drawn("seed", is_new)[:16], 16)
        except BlockingIOError:
            self.close()
            raise BadInput(f"{path}: another service has it; stop that first") from None
        except OSError as error:
            self.close()
            raise BadInput(
                f"{path}: cannot hold the state ({error.strerror}); choose another --state"
            ) from None
        except BaseException:
            self.close()
            raise

    def part(self, name: str) -> Path:
        """Return a folder in it, made if it is not there."""
        path = self.path / name
        path.mkdir(exist_ok=True, mode=0o700)
        sync_path(path)
        return path

    def sizes(self) -> Sizes:
        """Return how large it is now."""
        parts = Counter[str]()
        for file in self.path.rglob("*"):
            name = file.relative_to(self.path).parts[0].removesuffix("-wal").removesuffix("-shm")
            name = name if name in _PARTS else "other"
            with contextlib.suppress(FileNotFoundError):  # removed in the meantime
                if file.is_file():
                    parts[name] += file.stat().st_size
        disk = os.statvfs(self.path)
        return Sizes(dict(parts), disk.f_bavail * disk.f_frsize)

    def close(self) -> None:
        """Let another process have it."""
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    def _drawn(self, name: str, is_new: bool) -> str:
        """Return what was drawn at the first start."""
        file = self.path / name
        if not file.exists():
            if not is_new and (self.path / "log").exists():
                raise BadInput(f"{file}: is gone; restore it, or begin anew with another --state")
            write_file(file, f"{secrets.token_hex(16)}\n")
            file.chmod(0o600)
        try:
            text = file.read_text().strip()
            if len(bytes.fromhex(text)) != 16:
                raise ValueError
        except (ValueError, UnicodeDecodeError):
            raise BadInput(f"{file}: is damaged; restore it") from None
        return text
