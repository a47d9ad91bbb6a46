"""The cache folder: each entry is made once, by one process, and appears whole or not at all."""

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["cache_folder", "digest", "made_once", "text_made_once"]


def cache_folder() -> Path:
    """Return where compiled designs are kept; it need not exist.

    ``$CONSILIENCE_CACHE``, else ``$XDG_CACHE_HOME/consilience``, else ``~/.cache/consilience``.
    """
    own = os.environ.get("CONSILIENCE_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME")
    folder = Path(own) if own else Path(shared or Path.home() / ".cache") / "consilience"
    # The compiler runs in another folder.
    return folder.absolute()


def digest(*parts: object) -> str:
    """Return a name for what is made from these parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def made_once(entry: Path, make: Callable[[Path, Path], None]) -> None:
    """Make a folder of the cache, unless it is there.

    Several processes may ask for one at once: one makes it, the others wait.

    Parameters
    ----------
    entry : Path
        The folder.
    make : callable
        Takes a folder to work in, and an empty folder in it, which becomes the entry.
    """
    if entry.exists():
        return
    entry.parent.mkdir(parents=True, exist_ok=True)
    with entry.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not entry.exists():
            with TemporaryDirectory(dir=entry.parent, prefix="build-") as name:
                made = Path(name) / "entry"
                made.mkdir()
                make(Path(name), made)
                made.rename(entry)


def text_made_once(entry: Path, make: Callable[[], str]) -> str:
    """Return the text of a small file of the cache; make it if it is not there."""
    if entry.exists():
        return entry.read_text()
    text = make()
    entry.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=entry.parent) as name:
        part = Path(name) / "text"
        part.write_text(text)
        part.replace(entry)
    return text
