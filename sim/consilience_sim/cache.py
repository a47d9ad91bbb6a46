"""The cache folder: each entry is made once, by one process, whole or not at all.

Beside each entry lies a seal, the SHA-256 of all that was made, which is compared before each use:
what a disk has lost or an editor touched is made again. A library cut short would end the program
with SIGBUS, and a netlist with a flipped bit would simulate another design.
"""

import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = [
    "CacheUnusable",
    "cache_folder",
    "damaged_entries",
    "digest",
    "is_whole",
    "made_once",
    "text_made_once",
]

_SEAL = ".sha256"
_TEXT = "text"
_CURE = "make room there, or set CONSILIENCE_CACHE to a folder that can be written"

_log = logging.getLogger("consilience.cache")


class CacheUnusable(OSError):
    """The cache folder takes nothing more, or cannot be read; the message names the cure."""


def cache_folder() -> Path:
    """Return where compiled designs are kept; it need not exist.

    ``$CONSILIENCE_CACHE``, else ``$XDG_CACHE_HOME/consilience``, else ``~/.cache/consilience``.

    Raises
    ------
    CacheUnusable
        There is no home folder either.
    """
    own = os.environ.get("CONSILIENCE_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(own) if own else Path(shared or Path.home() / ".cache") / "consilience"
        # The compiler runs in another folder.
        return folder.absolute()
    except (RuntimeError, OSError) as error:
        raise CacheUnusable(f"no cache folder ({error}); {_CURE}") from error


def digest(*parts: object) -> str:
    """Return a name for what is made from these parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def is_whole(entry: Path) -> bool:
    """Return whether a folder of the cache is there, and as it was made.

    Raises
    ------
    CacheUnusable
        It cannot be read.
    """
    with _cure_named(entry):
        seal = entry.with_suffix(_SEAL)
        return entry.is_dir() and seal.is_file() and seal.read_bytes() == _seal(entry)


def made_once(entry: Path, make: Callable[[Path, Path], None]) -> None:
    """Make a folder of the cache, unless it is there and whole.

    Several processes may ask for one at once: one makes it, the others wait. What a killed one
    left behind is removed.

    Parameters
    ----------
    entry : Path
        The folder.
    make : callable
        Takes a folder to work in, and an empty folder in it, which becomes the entry.

    Raises
    ------
    CacheUnusable
        The folder cannot be read or written, or its disk is full.
    """
    if is_whole(entry):
        return
    with _cure_named(entry.parent):
        entry.parent.mkdir(parents=True, exist_ok=True)
        with entry.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_whole(entry):
                _make(entry, make)


def _make(entry: Path, make: Callable[[Path, Path], None]) -> None:
    prefix = f"{entry.name}.build-"
    for left in entry.parent.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    if entry.exists():
        _log.warning("not whole in the cache, so it is made again: %s", entry)
    with TemporaryDirectory(dir=entry.parent, prefix=prefix) as name:
        work, made = Path(name), Path(name) / "entry"
        made.mkdir()
        make(work, made)
        seal = work / "seal"
        seal.write_bytes(_seal(made))
        if entry.exists():
            # Not in place: a program may run what is whole in it.
            entry.rename(work / "damaged")
        seal.rename(entry.with_suffix(_SEAL))
        made.rename(entry)


def text_made_once(entry: Path, make: Callable[[], str]) -> str:
    """Return a text of the cache; make it if it is not there, as `made_once` does."""

    def write(_work: Path, made: Path) -> None:
        (made / _TEXT).write_text(make(), encoding="utf-8")

    made_once(entry, write)
    return (entry / _TEXT).read_text(encoding="utf-8")


def damaged_entries(folder: Path) -> tuple[list[Path], int]:
    """Return the damaged entries under a folder, and the number of whole ones.

    An entry of a version that sealed none counts as damaged.
    """
    entries = sorted(folder.rglob("?" * 64))
    damaged = [entry for entry in entries if not is_whole(entry)]
    return damaged, len(entries) - len(damaged)


def _seal(folder: Path) -> bytes:
    """Return one digest of all files below a folder: a file more or less changes it, too."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = []
    for path in files:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        parts.append((path.relative_to(folder).as_posix(), found))
    return digest(*parts).encode()


@contextmanager
def _cure_named(folder: Path) -> Iterator[None]:
    """Turn what the system refuses into `CacheUnusable`."""
    try:
        yield
    except CacheUnusable:
        raise
    except OSError as error:
        place, cause = error.filename or folder, error.strerror or error
        raise CacheUnusable(f"{place}: {cause}; {_CURE}") from error
