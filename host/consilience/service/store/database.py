"""Alarms and histories to read: SQLite beside the log, from which what it lacks comes again."""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.service.store.full_disk import DiskFull, told_if_full

__all__ = ["VERSION", "Database"]

VERSION = 2
_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE alarms (
    id INTEGER PRIMARY KEY, agent TEXT, kind TEXT NOT NULL, acknowledged_ms INTEGER,
    body TEXT NOT NULL
);
CREATE INDEX alarms_of_agents ON alarms (agent, id);
CREATE TABLE points (
    agent TEXT NOT NULL, number INTEGER NOT NULL, count INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (agent, number)
) WITHOUT ROWID;
"""
_MIGRATIONS = {
    0: _SCHEMA,
    1: "CREATE INDEX acknowledged_alarms ON alarms (acknowledged_ms, id) "
    "WHERE acknowledged_ms IS NOT NULL;",
}
"""Version: what turns tables of it into those of the next; 0 has none."""


class Database(Closes):
    """Tables that follow the log: each transaction says up to which record they go.

    One thread writes; each thread that reads has a connection of its own.

    Parameters
    ----------
    path : Path or None
        None: in memory, of a service that keeps nothing.

    Raises
    ------
    BadInput
        The file is no database, or of a newer program.
    DiskFull
        Of writing, too: nothing was written.
    """

    def __init__(self, path: Path | None) -> None:
        self._name = (
            f"file:{path}" if path else f"file:consilience-{id(self)}?mode=memory&cache=shared"
        )
        self._local, self._all = threading.local(), list[sqlite3.Connection]()
        self._lock = threading.Lock()
        if path is not None:
            path.touch(mode=0o600)
        try:
            with told_if_full():
                self._writer = self._connected()
                self._writer.execute("PRAGMA journal_mode = WAL")
                # The log before a snapshot goes: what was written must be on the disk then.
                self._writer.execute("PRAGMA synchronous = FULL")
                self._migrate(path)
        except DiskFull:
            self.close()
            raise
        except sqlite3.DatabaseError as error:
            self.close()
            raise BadInput(
                f"{path}: is damaged ({error}); remove it with its -wal and -shm, and what the "
                "log still has comes again"
            ) from None
        self.position = int(self._fact("position", 0))
        self.history_position = int(self._fact("history", 0))

    def write_alarms(
        self,
        position: int,
        alarms: Iterable[dict[str, Any]],
        acknowledged: Iterable[tuple[int | str, int, int]],
    ) -> None:
        """Write what records up to a position said, all of it or nothing.

        Parameters
        ----------
        position : int
        alarms : iterable of dict
        acknowledged : iterable of (agent, ms, number of the last alarm that is meant)
        """
        with self._writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO alarms VALUES (?, ?, ?, NULL, ?)",
                [
                    (one["id"], key_of(one.get("agent")), one["kind"], json.dumps(one))
                    for one in alarms
                ],
            )
            connection.executemany(
                "UPDATE alarms SET acknowledged_ms = ?2 WHERE agent = ?1 "
                "AND acknowledged_ms IS NULL AND id <= ?3",
                [(key_of(agent), when, last) for agent, when, last in acknowledged],
            )
            self._note(connection, "position", position)
        self.position = position

    def write_points(
        self,
        position: int,
        chunks: Iterable[tuple[str, int, int, bytes]],
        gone: Iterable[int | str] = (),
    ) -> None:
        """Write runs of records up to a position, all of them or nothing.

        Parameters
        ----------
        position : int
        chunks : iterable of (agent, number, count, body)
        gone : iterable of int or str
            Agents whose runs of before are removed.
        """
        with self._writing() as connection:
            connection.executemany(
                "DELETE FROM points WHERE agent = ?", [(key_of(agent),) for agent in gone]
            )
            connection.executemany("INSERT OR IGNORE INTO points VALUES (?, ?, ?, ?)", chunks)
            self._note(connection, "history", position)
        self.history_position = position

    def points(self, agent: int | str, least: int) -> list[bytes]:
        """Return the last chunks of an agent, in order, with so many runs or all that there are."""
        rows = self._reader().execute(
            "SELECT count, body FROM points WHERE agent = ? ORDER BY number DESC", (key_of(agent),)
        )
        found, count = list[bytes](), 0
        for many, body in rows:
            if count >= least:
                break
            found.append(body)
            count += many
        return found[::-1]

    def forget_points(self, kept: int) -> None:
        """Remove chunks of agents that have so many runs in newer ones."""
        with self._writing() as connection:
            connection.execute(
                "DELETE FROM points WHERE (agent, number) IN (SELECT agent, number FROM ("
                "SELECT agent, number, count, sum(count) OVER ("
                "PARTITION BY agent ORDER BY number DESC) AS newer FROM points) "
                "WHERE newer - count >= ?)",
                (kept,),
            )

    def alarms(
        self,
        after: int = 0,
        limit: int = 100,
        agent: int | str | None = None,
        *,
        newest: bool = False,
    ) -> list[dict[str, Any]]:
        """Return the first alarms with a number above `after`, or the newest, in their order."""
        where, given = "id > ?", list[Any]([after])
        if agent is not None:
            where, given = f"{where} AND agent = ?", [after, key_of(agent)]
        order = "id DESC" if newest else "id"
        rows = self._reader().execute(
            f"SELECT body, acknowledged_ms FROM alarms WHERE {where} ORDER BY {order} LIMIT ?",
            (*given, limit),
        )
        found = [{**json.loads(body), "acknowledged_ms": when} for body, when in rows]
        return found[::-1] if newest else found

    def acknowledged(self, numbers: Sequence[int]) -> list[int]:
        """Return those of some alarms that were acknowledged."""
        found = list[int]()
        for start in range(0, len(numbers), 500):
            part = numbers[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self._reader().execute(
                f"SELECT id FROM alarms WHERE id IN ({marks}) AND acknowledged_ms IS NOT NULL",
                tuple(part),
            )
            found += [row[0] for row in rows]
        return found

    def acknowledge(self, number: int, now: int) -> None:
        """Note that an alarm of the fleet was acknowledged, which is no agent's."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE alarms SET acknowledged_ms = ?2 WHERE id = ?1 AND acknowledged_ms IS NULL",
                (number, now),
            )

    def old_alarms(self, before_ms: int, least: int, after: int, limit: int) -> list[int]:
        """Return the first alarms above `after` that were acknowledged before a time.

        Not those among the newest `least`.
        """
        rows = self._reader().execute(
            "SELECT id FROM alarms WHERE acknowledged_ms < ? AND id > ? AND id <= "
            "(SELECT id FROM alarms ORDER BY id DESC LIMIT 1 OFFSET ?) ORDER BY id LIMIT ?",
            (before_ms, after, least, limit),
        )
        return [row[0] for row in rows]

    def remove_alarms(self, numbers: Sequence[int]) -> int:
        """Remove alarms that were acknowledged; return how many of these there were."""
        with self._writing() as connection:
            return connection.executemany(
                "DELETE FROM alarms WHERE id = ? AND acknowledged_ms IS NOT NULL",
                [(one,) for one in numbers],
            ).rowcount

    def count_alarms(self) -> int:
        """Return the number of alarms."""
        return int(self._reader().execute("SELECT count(*) FROM alarms").fetchone()[0])

    def close(self) -> None:
        """Close all connections."""
        for one in self._all:
            one.close()
        self._all.clear()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Give the writer to one thread; what it wrote is on disk, all or nothing."""
        with self._lock, told_if_full(), self._writer as connection:
            yield connection

    def _reader(self) -> sqlite3.Connection:
        found = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connected()
        assert isinstance(found, sqlite3.Connection)
        return found

    def _connected(self) -> sqlite3.Connection:
        made = sqlite3.connect(self._name, uri=True, check_same_thread=False, timeout=30)
        # In memory, readers of a shared cache would be refused while the writer is at it.
        made.execute("PRAGMA read_uncommitted = 1")
        self._all.append(made)
        return made

    def _migrate(self, path: Path | None) -> None:
        version = int(self._writer.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise BadInput(
                f"{path}: of version {version}, this program reads up to {VERSION}; update it"
            )
        for older in range(version, VERSION):
            self._writer.executescript(
                f"BEGIN; {_MIGRATIONS[older]} PRAGMA user_version = {older + 1}; COMMIT;"
            )

    @staticmethod
    def _note(connection: sqlite3.Connection, name: str, position: int) -> None:
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, position))

    def _fact(self, name: str, default: Any) -> Any:
        rows: Sequence[Any] = self._writer.execute(
            "SELECT value FROM facts WHERE name = ?", (name,)
        ).fetchall()
        return rows[0][0] if rows else default


def key_of(agent: int | str | None) -> str | None:
    """Return an agent as the tables have it: 1 and "1" are two."""
    return None if agent is None else json.dumps(agent, ensure_ascii=False)
