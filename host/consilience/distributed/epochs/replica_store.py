"""What a replica has taken and said, on the disk before anybody is told of it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from consilience.closing import Closes
from consilience.distributed.epochs.digests import HASH_BYTES
from consilience.distributed.epochs.offers import Offer
from consilience.distributed.epochs.snapshots import Snapshot
from consilience.distributed.epochs.wire import Reader, block, number
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, sync_path

__all__ = ["ReplicaStore"]

_MAGIC = b"CNRS\1"
_OWN, _RECOVERED = b"\1", b"\0"


class ReplicaStore(Closes):
    """A folder with the last closed epoch of a replica, and a log of the one that is open.

    The file ``snapshot``: magic, replica (u64 LE), a byte that is 1 if the replica computed the
    snapshot itself, and 0 if it took it from another, what it knew about closed epochs that was not
    brought to their closings (an offer behind its length), the snapshot, and SHA-256 of all before.
    The logs
    (`write_ahead_log`) ``journal-0`` and ``journal-1`` have the records of even and odd epochs;
    that of an epoch is emptied when the next but one opens. ``lock`` is held while it is open.

    Parameters
    ----------
    directory : Path
        Of this replica alone; made if it is not there.
    replica : int
    first : int
        The first epoch of a new replica.

    Raises
    ------
    BadInput
        It cannot be made, another process has it open, it is of another replica, or the snapshot is
        damaged or missing: a replica that forgets what it said must not go on.
    """

    def __init__(self, directory: Path, replica: int, first: int) -> None:
        self._directory, self._replica = directory, replica
        self._journal: WriteAheadLog | None = None
        self._next = 0
        self._is_torn = False
        self._lock: int | None = None
        self.snapshot: Snapshot | None = None
        self.carried: Offer | None = None
        self.is_own = False
        self._first = first
        try:
            self._take_folder()
            self._read()
        except BaseException:
            self.close()
            raise

    @property
    def epoch(self) -> int:
        """The epoch that is open."""
        return self._first if self.snapshot is None else self.snapshot.epoch + 1

    def records(self) -> Iterator[bytes]:
        """Yield what was appended in the open epoch; to be taken to the end before changes."""
        self._shut_journal()
        folder = self._directory / f"journal-{self.epoch % 2}"
        self._journal = WriteAheadLog(folder)
        self._next = 0
        for record in self._journal.replay(self.epoch):
            self._next += 1
            yield record
        if not self._next:
            # What else it holds is of epochs that are closed. Should a crash bring it back: it is
            # known by its epoch, and not read.
            self._shut_journal()
            (folder / "frames").unlink()
            self._journal = WriteAheadLog(folder)

    @contextmanager
    def changing(self) -> Iterator[Callable[[bytes], None]]:
        """Give what appends a record of the open epoch, for one change in memory and on the disk.

        If anything goes wrong in between, memory may hold what the disk does not: nothing more is
        taken then, and nothing said. A restart begins with what is on the disk.
        """
        if self._is_torn:
            raise OSError(
                f"{self._directory}: stopped after a failure or an interruption; start again"
            )
        if self._journal is None:
            raise BadInput(f"{self._directory}: is closed; open it again")
        self._is_torn = True
        yield self.append
        self._is_torn = False

    def append(self, record: bytes) -> None:
        """Put a record of the open epoch on the disk; for what is said use `changing`."""
        assert self._journal is not None, "records() opens the log"
        self._journal.accept(self.epoch, self._next, record)
        self._next += 1

    def close_epoch(self, snapshot: Snapshot, carried: Offer, *, own: bool) -> None:
        """Put a snapshot on the disk in place of the last one.

        The epoch after it is open then: `records` comes next.
        """
        head = _MAGIC + number(self._replica) + (_OWN if own else _RECOVERED)
        data = head + block(bytes(carried)) + bytes(snapshot)
        with AtomicFile(self._directory / "snapshot", overwrite=True) as output:
            output.file.write(data + sha256(data).digest())
            output.commit()
        self.snapshot, self.carried, self.is_own = snapshot, carried, own

    def close(self) -> None:
        """Close the files; a second call does nothing."""
        try:
            self._shut_journal()
        finally:
            lock, self._lock = self._lock, None
            if lock is not None:
                os.close(lock)

    def _take_folder(self) -> None:
        """Make the folder, and take it for this process alone."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(
                f"{self._directory}: another process runs this replica; stop it first"
            ) from None
        except OSError as error:
            raise BadInput(
                f"{self._directory}: cannot hold a replica ({error.strerror}); choose another "
                "folder"
            ) from None
        # A snapshot that a process before put under its name may not be safe there.
        sync_path(self._directory)

    def _shut_journal(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def _read(self) -> None:
        path = self._directory / "snapshot"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            if (self._directory / f"journal-{(self._first + 1) % 2}").exists():
                raise BadInput(
                    f"{path}: is missing, and epochs were closed; restore it, or recover from "
                    "another replica in an empty folder"
                ) from None
            return
        try:
            data, check = data[:-HASH_BYTES], data[-HASH_BYTES:]
            if sha256(data).digest() != check:
                raise BadInput("its SHA-256 is another")
            reader = Reader("snapshot of a replica", _MAGIC, data)
            replica, own = reader.number(), reader.take(1)
            if own not in (_OWN, _RECOVERED):
                raise BadInput("it is neither its own nor another's")
            self.carried = Offer.from_bytes(reader.block())
            self.snapshot, self.is_own = Snapshot.from_bytes(reader.rest()), own == _OWN
        except BadInput as error:
            raise BadInput(
                f"{path}: damaged ({error}); recover from another replica in an empty folder"
            ) from None
        if replica != self._replica:
            raise BadInput(f"{path}: is of replica {replica}, not {self._replica}")
