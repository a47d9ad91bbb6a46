"""A disk that is full: what has no room now can be written once there is some."""

import contextlib
import sqlite3
from collections.abc import Iterator

from consilience.errors import ConsilienceError

__all__ = ["DiskFull", "told_if_full"]

_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
"""No room in the file or in its -wal; none to grow its -shm."""


class DiskFull(ConsilienceError):
    """There is no room: nothing was written, and the same can be once there is room."""


@contextlib.contextmanager
def told_if_full(disk: str = "the disk of the state") -> Iterator[None]:
    """Raise DiskFull, of a disk, where SQLite finds no room on it; its other errors pass."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) not in _FULL:
            raise
        raise DiskFull(f"{disk} is full; make room, and try again: nothing was changed") from error
