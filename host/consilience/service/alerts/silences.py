"""Silences: agents of which nobody is told for a while."""

from typing import Any

from consilience.errors import BadInput
from consilience.service.alerts.alerts_database import AlertsDatabase

__all__ = ["SILENCED", "Silences"]

SILENCED = """exists (
    select 1 from silences
    where from_ms <= :now and until_ms > :now and coalesce(alerts.name, '') glob pattern
)"""
"""SQL: whether an alert is silenced at :now. An alert of the fleet is matched by `*` alone."""

_LONGEST = 500
"""Characters of a pattern."""


class Silences:
    """The table of silences.

    A silence holds back what was not told yet; what still stands when it ends is told then. An
    alarm that was told already stays as it is: a silence does not resolve it.
    """

    def __init__(self, database: AlertsDatabase) -> None:
        self._database = database

    def add(
        self, pattern: str, until_ms: int, now: int, by: str | None = None, note: str | None = None
    ) -> dict[str, Any]:
        """Silence agents from now on; return the silence, and how many alerts it holds or may hold.

        Parameters
        ----------
        pattern : str
            Of the agents' names: ``*`` any characters, ``?`` one, ``[abc]`` one of these.
        until_ms, now : int
            Milliseconds UTC.

        Raises
        ------
        BadInput
            The pattern cannot match anything, or the end is not in the future.
        """
        if not pattern or len(pattern) > _LONGEST:
            raise BadInput(f"a pattern has 1 to {_LONGEST} characters; for all agents give *")
        if pattern.count("[") > pattern.count("]"):
            raise BadInput(
                f"pattern {pattern!r} has a [ that nothing closes and matches no agent; write [[] "
                "for the character ["
            )
        if until_ms <= now:
            raise BadInput("a silence ends in the future; give a later end")
        with self._database.transaction() as run:
            found = run.execute(
                "insert into silences (pattern, from_ms, until_ms, by, note) values (?,?,?,?,?)",
                (pattern, now, until_ms, by, note),
            )
            return self._one(int(found.lastrowid or 0))

    def lift(self, number: int, now: int) -> dict[str, Any]:
        """End a silence now.

        Raises
        ------
        BadInput
            There is none of this number.
        """
        with self._database.transaction() as run:
            run.execute(
                "update silences set until_ms = ? where number = ? and until_ms > ?",
                (now, number, now),
            )
            return self._one(number)

    def forget(self, before_ms: int) -> int:
        """Remove silences that ended before a time."""
        with self._database.transaction() as run:
            return run.execute("delete from silences where until_ms < ?", (before_ms,)).rowcount

    def listed(self, now: int) -> list[dict[str, Any]]:
        """Return the silences that hold now, those that end first at the top."""
        with self._database.reading() as run:
            rows = run.execute(
                "select number from silences where until_ms > ? order by until_ms, number", (now,)
            ).fetchall()
            return [self._one(row["number"]) for row in rows]

    def _one(self, number: int) -> dict[str, Any]:
        with self._database.reading() as run:
            row = run.execute("select * from silences where number = ?", (number,)).fetchone()
            if row is None:
                raise BadInput(f"there is no silence {number}; list them")
            standing = run.execute(
                "select count(*) from alerts where ended_ms is null and coalesce(name, '') glob ?",
                (row["pattern"],),
            ).fetchone()[0]
        return {
            "id": number,
            "pattern": row["pattern"],
            "from_ms": row["from_ms"],
            "until_ms": row["until_ms"],
            "by": row["by"],
            "note": row["note"],
            "alarms_standing": standing,
        }
