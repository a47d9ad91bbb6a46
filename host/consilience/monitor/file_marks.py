"""What tells a file whose beginning was read: its first bytes, and the last ones that were read."""

import hashlib
import mmap
import os
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Marks", "copy_of", "repeats"]

_KNOWN = 4096
_LAST = 256
"""Bytes of the last lines, which are looked for in another file."""


class Marks(NamedTuple):
    """The beginning of a file up to an offset, by its ends: nothing can be put in between.

    Parameters
    ----------
    offset : int
        Bytes that were read.
    head, tail : str
        SHA-256 of the first and of the last 4,096 of them.
    """

    offset: int
    head: str
    tail: str

    @classmethod
    def of(cls, file: int, offset: int) -> "Marks":
        """Return the marks of an open file."""
        first = max(0, offset - _KNOWN)
        parts = os.pread(file, min(offset, _KNOWN), 0), os.pread(file, offset - first, first)
        head, tail = (hashlib.sha256(one).hexdigest() for one in parts)
        return cls(offset, head, tail)

    @classmethod
    def in_place(cls, place: dict[str, Any]) -> "Marks":
        """Return those that a state holds."""
        return cls(int(place.get("offset", 0)), place.get("head", ""), place.get("tail", ""))

    def fit(self, file: int) -> bool:
        """Return whether an open file begins with what was read."""
        return Marks.of(file, self.offset) == self


def copy_of(path: Path, marks: Marks, inode: list[int]) -> Path | None:
    """Return the file beside `path` that begins with what was read, as a rotation leaves it.

    It has that inode, or is the longest of those that fit: a file of so many bytes goes on after
    them. None if there is none, or nothing was read but the names of columns.
    """
    found: list[tuple[bool, int, Path]] = []
    stem = path.name.split(".")[0]
    for one in sorted(path.parent.iterdir()):
        if one.name == path.name or not one.name.startswith(stem) or not one.is_file():
            continue
        file = os.open(one, os.O_RDONLY)
        try:
            facts = os.fstat(file)
            is_it = [facts.st_dev, facts.st_ino] == inode
            tells = is_it or marks.offset > _names(os.pread(file, _KNOWN, 0))
            if tells and marks.fit(file):
                found.append((is_it, facts.st_size, one))
        finally:
            os.close(file)
    return max(found)[2] if found else None


def repeats(old: int, offset: int, new: int) -> bool | None:
    """Return whether a file has lines of what was read of another; None: too short to tell.

    It has if it begins as the other one does, beyond the names of columns, or holds the last lines
    that were read.
    """
    size = os.fstat(new).st_size
    before = os.pread(old, min(_KNOWN, offset), 0)
    now = os.pread(new, min(_KNOWN, offset, size), 0)
    names = _names(before)
    if len(now) <= names and before.startswith(now):
        return None
    if before.startswith(now):
        return True
    last = max(names, offset - _LAST)
    tail = os.pread(old, offset - last, last)
    with mmap.mmap(new, 0, access=mmap.ACCESS_READ) as held:
        return bool(tail) and held.find(tail) >= 0


def _names(beginning: bytes) -> int:
    """Return the bytes of a first line that names columns."""
    return 0 if beginning.lstrip().startswith(b"{") else beginning.find(b"\n") + 1
