"""A state directory made of a backup: all of it, or one that nothing takes for a state."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from consilience.errors import BadInput, PermissionRefused
from consilience.evidence.atomic_file import naming, sync_folder, sync_path
from consilience.service.access.tokens import VERSION as ACCESS_VERSION
from consilience.service.alerts.alerts_database import VERSION as ALERTS_VERSION
from consilience.service.backup.manifest import Manifest
from consilience.service.store.database import VERSION as DATABASE_VERSION
from consilience.service.store.folder import LOCK, RESTORING
from consilience.service.store.observation_log import ObservationLog
from consilience.service.store.snapshots import Snapshots

__all__ = ["restore_backup", "state_being_made"]

_CHUNK = 1 << 20
_VERSIONS = {
    "service.db": DATABASE_VERSION,
    "history.db": DATABASE_VERSION,
    "alerts.db": ALERTS_VERSION,
    "access.db": ACCESS_VERSION,
}
_USER_VERSION = slice(60, 64)
"""Of a file of SQLite: where its header has `user_version`, big-endian."""


def restore_backup(backup: Path, state: Path) -> Manifest:
    """Make a state directory of a backup.

    While it is made, and if that is interrupted, it has a file `restoring`, and no service starts
    on it.

    Parameters
    ----------
    backup : Path
    state : Path
        Empty, or not there yet.

    Raises
    ------
    BadInput
        The backup is none, damaged, or of a newer program; the directory is not empty.
    """
    manifest = Manifest.read(backup)
    try:
        with state_being_made(state), naming(state):
            for name, (size, digest) in sorted(manifest.files.items()):
                _copy(backup / name, state / name, size, digest)
            _check(state, manifest)
            for folder in ("log", "snapshots"):
                sync_folder(state / folder)
    except PermissionError as error:
        raise PermissionRefused(
            f"{error.filename}: this user may not read or write it; run this as who runs the "
            "service"
        ) from None
    return manifest


@contextlib.contextmanager
def state_being_made(state: Path) -> Iterator[None]:
    """Keep a folder to this process; empty it again if the block fails."""
    is_new = not state.exists()
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_others(state)
        mark = os.open(state / RESTORING, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        if isinstance(error, PermissionError):
            raise
        raise BadInput(
            f"{state}: cannot be restored into ({error.strerror}); choose another --state"
        ) from None
    try:
        os.close(mark)
        others = [one.name for one in state.iterdir() if one.name != RESTORING]
        if others:
            raise BadInput(f"{state}: another process has put {others[0]} there; try again")
        state.chmod(0o700)
        sync_path(state)
        yield
        # From here on it is a state: what comes before is on the disk.
        os.close(os.open(state / LOCK, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        sync_folder(state)
        (state / RESTORING).unlink()
        sync_folder(state)
    except BaseException:
        for one in state.iterdir():
            if one.is_dir():
                shutil.rmtree(one, ignore_errors=True)
            elif one.name != RESTORING:
                one.unlink(missing_ok=True)
        (state / RESTORING).unlink(missing_ok=True)
        if is_new:
            state.rmdir()
        raise


def _refuse_others(state: Path) -> None:
    """Raise BadInput unless a folder is empty."""
    names = {one.name for one in state.iterdir()}
    if not names:
        return
    if LOCK in names:
        with (state / LOCK).open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BadInput(
                    f"{state}: a service has it; stop that, and restore into an empty folder"
                ) from None
    if RESTORING in names:
        raise BadInput(
            f"{state}: another restore is at it, or was interrupted; once none runs, empty it"
        )
    raise BadInput(
        f"{state}: is not empty; move it away, or restore into another folder: nothing is replaced"
    )


def _copy(source: Path, target: Path, size: int, digest: str) -> None:
    """Copy a file that must have so many bytes and this SHA-256."""
    found, count = hashlib.sha256(), 0
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as written:
        try:
            with source.open("rb") as read:
                while part := read.read(_CHUNK):
                    found.update(part)
                    count += len(part)
                    written.write(part)
        except FileNotFoundError:
            raise BadInput(f"{source}: is missing; take another backup") from None
        if (count, found.hexdigest()) != (size, digest):
            raise BadInput(f"{source}: is not what was backed up; take another backup")
        written.flush()
        os.fsync(written.fileno())


def _check(state: Path, manifest: Manifest) -> None:
    """Raise BadInput unless this program reads what was copied."""
    for name, most in _VERSIONS.items():
        with contextlib.suppress(FileNotFoundError), (state / name).open("rb") as file:
            version = int.from_bytes(file.read(100)[_USER_VERSION], "big")
            if version > most:
                raise BadInput(
                    f"{name} of the backup: of version {version}, this program reads up to {most}; "
                    "update it"
                )
    snapshots = Snapshots(state / "snapshots")
    paths = snapshots.paths()
    if snapshots.newest() is None:
        raise BadInput(f"{state}: the backup has no snapshot; take another backup")
    with ObservationLog(state / "log") as log:
        for _ in log.replay(int(paths[-1].stem)):
            pass
        if log.position != manifest.position:
            raise BadInput(
                f"{state}: the log of the backup ends at {log.position}, not at "
                f"{manifest.position}; take another backup"
            )
