"""alerts.db: what is to be told, to whom, and what came of it."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.service.store.full_disk import DiskFull, told_if_full

__all__ = ["VERSION", "AlertsDatabase"]

VERSION = 1
"""Of the tables; in the file as SQLite's `user_version`."""

_TABLES = """
create table alerts (
    number integer primary key,
    id text not null unique,        -- of the alarm that raised it
    at_ms integer not null,
    kind text not null,
    agent text,                     -- JSON: 1 and "1" are two; null: of the fleet
    name text,                      -- of the agent, which patterns match
    run text,                       -- JSON
    provisional integer not null,
    alarm text not null,            -- JSON, of the confirmation where there was one
    ended_ms integer,
    ended_how text,                 -- acknowledged or renewed
    ended_by text,
    note text
);
create index standing on alerts (agent) where ended_ms is null;
create table alarm_ids (
    id text primary key,
    alert integer not null references alerts on delete cascade
) without rowid;
create table deliveries (
    alert integer not null references alerts on delete cascade,
    target text not null,
    event text not null,            -- raised or resolved
    queued_ms integer not null,
    due_ms integer,                 -- null: nothing is left to do
    attempts integer not null default 0,
    sent_ms integer,                -- when it was first taken
    gone text,                      -- why it is not told: given up, ended before, silenced
    error text,                     -- of the last attempt that failed
    primary key (alert, target, event)
) without rowid;
create index due on deliveries (target, due_ms) where due_ms is not null;
create table silences (
    number integer primary key,
    pattern text not null,
    from_ms integer not null,
    until_ms integer not null,      -- made earlier when it is lifted
    by text,
    note text
);
"""


class AlertsDatabase(Closes):
    """The file, opened once a process; threads take turns.

    Parameters
    ----------
    path : Path or None
        Made if it is missing, for its user alone. None: in memory, and gone with the process.

    Raises
    ------
    BadInput
        It is no database, or one of a later version.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._turns = threading.RLock()
        if path is not None:
            path.touch(mode=0o600)
        self._connection = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=10
        )
        self._connection.row_factory = sqlite3.Row
        try:
            with told_if_full():
                self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise BadInput(
                f"{path}: cannot be used ({error}); restore it from a backup, or move it away: "
                "alarms that stand are then told once more"
            ) from None
        except (BadInput, DiskFull):
            self._connection.close()
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        run("pragma journal_mode = wal")
        # What was acknowledged or sent stays so after a loss of power.
        run("pragma synchronous = full")
        run("pragma foreign_keys = on")
        version = int(run("pragma user_version").fetchone()[0])
        if version > VERSION:
            raise BadInput(
                f"{self.path}: is of version {version}, and this program knows {VERSION}; "
                "update consilience"
            )
        if version == 0:
            self._connection.executescript(
                f"begin immediate; {_TABLES} pragma user_version = {VERSION}; commit;"
            )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to one thread; what it wrote is on disk, all or nothing.

        DiskFull: nothing of it is, and may be later.
        """
        with self._turns, told_if_full():
            if self._connection.in_transaction:  # within another of the same thread
                yield self._connection
                return
            self._connection.execute("begin immediate")
            try:
                yield self._connection
                self._connection.execute("commit")
            finally:
                if self._connection.in_transaction:  # a full disk may have rolled it back
                    self._connection.execute("rollback")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give the connection to one thread, to read from."""
        with self._turns:
            yield self._connection

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._turns:
            self._connection.close()
