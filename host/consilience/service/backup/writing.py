"""A backup of a state directory, of a service that runs or not: one moment of it, whole.

The order makes the copies fit together. A snapshot is on the disk only after the databases have
what its records said; they follow the log, which is copied last; what it has more is brought to
them by the next start, as after a kill. Nothing is asked of the service, and it waits for nothing.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from consilience.errors import BadInput, PermissionRefused
from consilience.evidence.atomic_file import naming, sync_folder, write_file
from consilience.service.backup.manifest import MANIFEST, Manifest
from consilience.service.store.folder import LOCK
from consilience.service.store.full_disk import told_if_full
from consilience.service.store.observation_log import ObservationLog, segments_from
from consilience.service.store.snapshots import Snapshot, Snapshots
from consilience.service.verdict_log.verdict_log import FOLDER, KEY

__all__ = ["hashed", "write_backup"]

_DATABASES = "alerts.db", "service.db", "history.db", "access.db"
"""In this order: alerts are made of what stands in service.db."""
_WHOLE = "deployment", "seed"
_CHANGES = "changes.jsonl"
_NOT_COPIED = re.compile(r"service\.lock|restoring|\..*\.part|.*\.db-(wal|shm)")
_TRIES = 5
_CHUNK = 1 << 20


class _Moved(Exception):
    """The service went on: what was to be copied is no longer there."""


def write_backup(
    state: Path, target: Path, clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
) -> tuple[Manifest, list[str]]:
    """Write a backup.

    Parameters
    ----------
    state : Path
        The state directory; a service may have it.
    target : Path
        A folder that is not there yet. It appears whole, for this user alone, or not at all.
    clock_ms : callable

    Returns
    -------
    manifest : Manifest
    left_out : list of str
        What else is in the state directory, and not in the backup.

    Raises
    ------
    BadInput
        The state directory is none, or damaged; the target is there.
    """
    if not (state / LOCK).exists():
        raise BadInput(f"{state}: is no state directory of a service; give that of its --state")
    if target.exists() or target.is_symlink():
        raise BadInput(f"{target}: exists already; name each backup anew, as by its date")
    if target.resolve().is_relative_to(state.resolve()):
        raise BadInput(f"{target}: is within the state directory; choose a place outside it")
    try:
        with _part_of(target) as part, naming(target):
            position = _copied(state, part)
            deployment = (part / "deployment").read_text().strip()
            names = sorted(one for one in part.rglob("*") if one.is_file())
            files = {str(one.relative_to(part)): hashed(one) for one in names}
            made = Manifest(deployment, position, clock_ms(), files)
            write_file(part / MANIFEST, bytes(made))
            (part / MANIFEST).chmod(0o600)
            for folder in (part / "log", part / "snapshots", part):
                sync_folder(folder)
            part.rename(target)
            sync_folder(target.parent)
    except PermissionError as error:
        raise PermissionRefused(
            f"{error.filename}: this user may not read or write it; run this as who runs the "
            "service"
        ) from None
    known = {Path(name).parts[0] for name in files}
    rest = (one.name for one in state.iterdir() if one.name not in known)
    return made, sorted(one for one in rest if not _NOT_COPIED.fullmatch(one))


def hashed(path: Path) -> tuple[int, str]:
    """Return the bytes and the SHA-256 of a file."""
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """Give a folder beside the target; what a killed process left of another is removed."""
    ours = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]{8}\.part")
    try:
        for one in target.absolute().parent.iterdir():
            if ours.fullmatch(one.name):
                _remove_abandoned(one)
        part = target.absolute().with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        part.mkdir(mode=0o700)
    except OSError as error:
        raise BadInput(
            f"{target}: cannot be made ({error.strerror}); choose another place"
        ) from None
    held = os.open(part, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield part
    finally:
        os.close(held)
        shutil.rmtree(part, ignore_errors=True)  # not there once it has its name


def _remove_abandoned(part: Path) -> None:
    with contextlib.suppress(OSError):  # another process removes it, or is at it
        held = os.open(part, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(part)
        finally:
            os.close(held)


def _copied(state: Path, part: Path) -> int:
    """Copy all of a state directory; return the position of its last record."""
    for name in _WHOLE:
        _copy_bytes(_read(state / name), part / name)
    for left in range(_TRIES - 1, -1, -1):
        for folder in ("log", "snapshots"):
            shutil.rmtree(part / folder, ignore_errors=True)
            (part / folder).mkdir(mode=0o700)
        for name in _DATABASES:
            (part / name).unlink(missing_ok=True)
        try:
            position = _copy_in_order(state, part)
            break
        except _Moved:
            if not left:
                raise BadInput(
                    f"{state}: its snapshots and its log do not fit together; restore it from a "
                    "backup of before"
                ) from None
        except BadInput:
            # A failing disk, whose last records the service has taken back meanwhile, or damage.
            if not left:
                raise
    with contextlib.suppress(FileNotFoundError):
        data = (state / _CHANGES).read_bytes()
        _copy_bytes(data[: data.rfind(b"\n") + 1], part / _CHANGES)
    return position


def _copy_in_order(state: Path, part: Path) -> int:
    """Copy snapshot, databases and log; raise _Moved if the service removed one meanwhile."""
    paths = Snapshots(state / "snapshots").paths()
    if not paths:
        raise BadInput(f"{state}: has no snapshot yet; start the service once, and try again")
    newest = paths[-1]
    try:
        snapshot = newest.read_bytes()
        Snapshot.of(snapshot, newest)
        after = int(newest.stem)
        with contextlib.ExitStack() as stack:
            held = {
                path.name: stack.enter_context(path.open("rb"))
                for path in segments_from(state / "log", after)
            }
            if not held or int(min(held).removesuffix(".log")) > after + 1:
                raise _Moved
            _copy_bytes(snapshot, part / "snapshots" / newest.name)
            for name in _DATABASES:
                _copy_database(state / name, part / name)
            _copy_verdicts(state, part)
            for path in segments_from(state / "log", after):
                if path.name not in held:
                    held[path.name] = stack.enter_context(path.open("rb"))
            for name, file in sorted(held.items()):
                _copy_bytes(file.read(), part / "log" / name)
    except FileNotFoundError:
        raise _Moved from None
    with ObservationLog(part / "log") as log:
        for _ in log.replay(after):  # checks each record, and cuts off one that is being written
            pass
        return log.position


def _copy_verdicts(state: Path, part: Path) -> None:
    """Copy the Merkle log, before the log that it follows from; a longer tail of it is cut off."""
    with contextlib.suppress(FileNotFoundError):
        _copy_bytes(_read(state / KEY), part / KEY)
    shutil.rmtree(part / FOLDER, ignore_errors=True)
    for path in sorted((state / FOLDER).rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            target = part / FOLDER / path.relative_to(state / FOLDER)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy_bytes(path.read_bytes(), target)


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, and check the copy; one that is not there is not."""
    if not source.exists():
        return
    target.touch(mode=0o600)
    try:
        with (
            told_if_full(f"{target}: the disk"),
            contextlib.closing(sqlite3.connect(source, timeout=30)) as read,
            contextlib.closing(sqlite3.connect(target)) as written,
        ):
            read.backup(written)
            # One file: none of a log of SQLite's own beside it.
            written.execute("PRAGMA journal_mode = DELETE")
            found = written.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise BadInput(f"{source}: cannot be copied ({found}); restore it from a backup of before")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: is gone; without it the state is none") from None


def _copy_bytes(data: bytes, target: Path) -> None:
    file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as written:
        written.write(data)
        written.flush()
        os.fsync(written.fileno())
