"""A file that appears under its name whole or not at all."""

import contextlib
import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from consilience.errors import BadInput

__all__ = ["AtomicFile", "naming", "sync_folder", "sync_path", "write_file"]


class AtomicFile:
    """Writes beside the final name and moves into place on `commit`.

    The file is opened at once, so that a path that cannot be written is found before any work.
    Without `commit` nothing stays behind, except when the process is killed outright: what it
    leaves beside the final name is removed by the next process that writes there.

    Parameters
    ----------
    path : Path
        The final name. A link is followed: its target is replaced.
    overwrite : bool
        Replace an existing file.
    mode : int
        Permissions from the start, before the umask.

    Raises
    ------
    BadInput
        The path is a directory, exists already, or its folder is missing or not writable.
    """

    def __init__(self, path: Path, *, overwrite: bool, mode: int = 0o666) -> None:
        self.path = path
        self._overwrite, self._mode = overwrite, mode
        try:
            self._target = path.resolve()
        except (OSError, RuntimeError):  # of a loop Python 3.11 and 3.13 say so differently
            raise BadInput(f"{path}: its links lead in a circle; choose another path") from None
        try:
            self._refuse_existing()
            self._part, self.file = self._open_part()
        except OSError as error:
            folder = self._target.parent
            missing = error.errno == errno.ENOENT and not folder.exists()
            cure = f", or make the folder {folder}" if missing else ""
            raise BadInput(
                f"{path}: cannot be written ({error.strerror}); choose another path{cure}"
            ) from None
        with contextlib.suppress(OSError):  # a folder that may be written and not be listed
            self._remove_abandoned()

    def commit(self) -> None:
        """Bring what was written safely to disk and give it the final name."""
        with naming(self.path):
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            self._refuse_existing()
            self._part.replace(self._target)
            # The new name goes to the disk, too; not where the folder may only be written.
            with contextlib.suppress(PermissionError):
                sync_folder(self._target.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A full disk fails here once more; the first failure is the one to report.
        with contextlib.suppress(OSError):
            self.file.close()
        self._part.unlink(missing_ok=True)

    def _open_part(self) -> tuple[Path, BinaryIO]:
        """Open a file beside the final name, and lock it as long as it is open."""
        while True:
            part = self._target.with_name(f".{self.path.name}.{secrets.token_hex(4)}.part")
            file = open(  # noqa: SIM115  (closed by __exit__)
                part, "xb", opener=lambda name, flags: os.open(name, flags, self._mode)
            )
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:
                return part, file
            file.close()  # another process took it for abandoned before it was locked

    def _remove_abandoned(self) -> None:
        """Remove the files of processes that have ended: nobody locks them."""
        ours = re.compile(re.escape(f".{self.path.name}.") + r"[0-9a-f]{8}\.part")
        for found in self._target.parent.iterdir():
            if found == self._part or not ours.fullmatch(found.name):
                continue
            # Another process may remove it at the same time, or still write it.
            with contextlib.suppress(OSError), found.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found.unlink()

    def _refuse_existing(self) -> None:
        if self._target.is_dir():
            raise BadInput(f"{self.path}: is a directory; choose another path")
        if self._target.exists() and not self._target.is_file():
            # Replacing would take the device or pipe away from all who use it.
            raise BadInput(f"{self.path}: is a device or a pipe; choose another path")
        if self._target.exists() and not self._overwrite:
            raise BadInput(f"{self.path}: exists already; pass --force to replace it")


def write_file(path: Path, content: str | bytes, *, overwrite: bool = True) -> None:
    """Write a file whole or not at all, text as UTF-8; raises as `AtomicFile` does."""
    with AtomicFile(path, overwrite=overwrite) as output:
        with naming(path):
            output.file.write(content.encode() if isinstance(content, str) else content)
        output.commit()


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let errors of the system name `path`, the file that the user knows."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def sync_folder(path: Path) -> None:
    """Bring the names in a folder safely to disk."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sync_path(folder: Path) -> None:
    """Bring the names in a folder, its own, and those above it safely to disk.

    Up to where its file system is mounted; what may not be read there was not made by this user.
    """
    folder = folder.resolve()
    sync_folder(folder)
    while folder.parent.stat().st_dev == folder.stat().st_dev and folder.parent != folder:
        folder = folder.parent
        with contextlib.suppress(PermissionError):
            sync_folder(folder)
