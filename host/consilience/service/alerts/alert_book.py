"""The alerts: raised once, confirmed, ended."""

from collections.abc import Mapping, Sequence
from typing import Any

from consilience.service.alerts.alert import Alert, Ended, Event, alarm_of, key_of
from consilience.service.alerts.alerts_database import AlertsDatabase
from consilience.service.alerts.silences import SILENCED

__all__ = ["AlertBook"]


class AlertBook:
    """The tables of alerts and of what is to be told of them.

    Parameters
    ----------
    database : AlertsDatabase
    targets : mapping of str to bool
        Who is told: name, and whether it keeps states (and is told what stands now) or takes
        events (and is told of each, in order).
    """

    def __init__(self, database: AlertsDatabase, targets: Mapping[str, bool]) -> None:
        self._database = database
        self._targets = dict(targets)

    def greet(self, now: int) -> None:
        """Queue what stands for targets that were never told of it."""
        with self._database.transaction() as run:
            for name in self._targets:
                run.execute(
                    "insert or ignore into deliveries (alert, target, event, queued_ms, due_ms)"
                    " select number, ?, ?, ?, ? from alerts where ended_ms is null",
                    (name, Event.RAISED, now, now),
                )

    def raise_all(self, alarms: Sequence[Mapping[str, Any]], now: int) -> int:
        """Take alarms, each once; return how many were new.

        The confirmation of a provisional alarm that stands is the same alert: of the same kind,
        agent and run. After an acknowledgement it is another, since the agent was armed anew.

        Raises
        ------
        BadInput
            A field is missing; then none is taken.
        """
        columns = [alarm_of(alarm) for alarm in alarms]
        with self._database.transaction():
            return sum(self._raise(one, now) for one in columns)

    def _raise(self, alarm: dict[str, Any], now: int) -> bool:
        with self._database.transaction() as run:
            known = run.execute(
                "select number, provisional from alerts join alarm_ids on alert = number"
                " where alarm_ids.id = ?",
                (alarm["id"],),
            ).fetchone()
            if known is not None:
                if known["provisional"] and not alarm["provisional"]:
                    self._confirm(known["number"], alarm, now)
                return False
            if not alarm["provisional"]:
                known = run.execute(
                    "select number from alerts where ended_ms is null and provisional"
                    " and kind = :kind and agent is :agent and run is :run",
                    alarm,
                ).fetchone()
            if known is not None:
                self._confirm(known["number"], alarm, now)
                return True
            number = run.execute(
                "insert into alerts (id, at_ms, kind, agent, name, run, provisional, alarm)"
                " values (:id, :at_ms, :kind, :agent, :name, :run, :provisional, :alarm)",
                alarm,
            ).lastrowid
            run.execute("insert into alarm_ids values (?, ?)", (alarm["id"], number))
            for name in self._targets:
                run.execute(
                    "insert into deliveries (alert, target, event, queued_ms, due_ms)"
                    " values (?, ?, ?, ?, ?)",
                    (number, name, Event.RAISED, now, now),
                )
        return True

    def _confirm(self, number: int, alarm: dict[str, Any], now: int) -> None:
        """Let an alert be no longer provisional; what keeps states learns of it at once."""
        with self._database.transaction() as run:
            run.execute(
                "update alerts set provisional = 0, alarm = ? where number = ?",
                (alarm["alarm"], number),
            )
            run.execute("insert or ignore into alarm_ids values (?, ?)", (alarm["id"], number))
            run.execute(
                "update deliveries set due_ms = ? where alert = ? and event = ?"
                " and due_ms is not null",
                (now, number, Event.RAISED),
            )

    def end(
        self,
        alerts: Sequence[Alert],
        how: Ended,
        now: int,
        by: str | None = None,
        note: str | None = None,
    ) -> int:
        """End alerts that stand; return how many did."""
        with self._database.transaction():
            return sum(self._end(one.number, how, now, by, note) for one in alerts)

    def _end(self, number: int, how: Ended, now: int, by: str | None, note: str | None) -> bool:
        with self._database.transaction() as run:
            if not run.execute(
                "update alerts set ended_ms = max(at_ms, ?), ended_how = ?, ended_by = ?, note = ?"
                " where number = ? and ended_ms is null",
                (now, how, by, note, number),
            ).rowcount:
                return False
            rows = run.execute(
                f"select target, sent_ms, attempts, due_ms, {SILENCED} as silenced from deliveries"
                " join alerts on number = alert where alert = :alert and event = :event",
                {"now": now, "alert": number, "event": Event.RAISED},
            ).fetchall()
            for row in rows:
                keeps_states = self._targets.get(row["target"], False)
                untold = row["due_ms"] is not None and not row["attempts"]
                gone = None
                if untold and row["silenced"]:
                    gone = "silenced"
                elif untold and keeps_states:
                    gone = "ended before it was told"
                if gone or keeps_states:
                    run.execute(
                        "update deliveries set due_ms = null, gone = ?"
                        " where alert = ? and target = ? and event = ?",
                        (gone, number, row["target"], Event.RAISED),
                    )
                if gone is None and (row["sent_ms"] is not None or row["due_ms"] is not None):
                    run.execute(
                        "insert into deliveries (alert, target, event, queued_ms, due_ms)"
                        " values (?, ?, ?, ?, ?)",
                        (number, row["target"], Event.RESOLVED, now, now),
                    )
        return True

    def of_alarm(self, alarm: str) -> Alert | None:
        """Return the alert of an alarm's id, also of one that only confirmed it."""
        with self._database.reading() as run:
            row = run.execute(
                "select alerts.* from alerts join alarm_ids on alert = number"
                " where alarm_ids.id = ?",
                (alarm,),
            ).fetchone()
        return None if row is None else Alert.of(row)

    def last_alarm(self) -> int:
        """Return the highest number of an alarm that was taken; 0 of none."""
        with self._database.reading() as run:
            row = run.execute("select max(cast(id as integer)) from alarm_ids").fetchone()
        return int(row[0] or 0)

    def standing(self, agent: int | str | None = None) -> list[Alert]:
        """Return what stands, of one agent or of all, the oldest first."""
        with self._database.reading() as run:
            rows = run.execute(
                "select * from alerts where ended_ms is null and (? is null or agent = ?)"
                " order by number",
                (key_of(agent), key_of(agent)),
            ).fetchall()
        return [Alert.of(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many stand of each kind."""
        with self._database.reading() as run:
            rows = run.execute(
                "select kind, count(*) as number from alerts where ended_ms is null group by kind"
            ).fetchall()
        return {row["kind"]: row["number"] for row in rows}

    def listed(
        self, now: int, after: int = 0, limit: int = 100, *, standing: bool = True
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Return a page of alerts with what became of telling them, and where the next one begins.

        Parameters
        ----------
        after : int
            The number of the last alert of the page before.
        standing : bool
            Those alone that have not ended.
        """
        with self._database.reading() as run:
            rows = run.execute(
                f"select *, {SILENCED} as silenced from alerts where number > :after"
                " and (ended_ms is null or not :standing) order by number limit :limit",
                {"now": now, "after": after, "standing": standing, "limit": limit + 1},
            ).fetchall()
            page = []
            for row in rows[:limit]:
                told = run.execute(
                    "select * from deliveries where alert = ? order by target, event",
                    (row["number"],),
                ).fetchall()
                page.append(
                    {
                        **Alert.of(row).as_json(),
                        "silenced": bool(row["silenced"]),
                        "told": [_delivery(one) for one in told],
                    }
                )
        return page, rows[limit - 1]["number"] if len(rows) > limit else None

    def untold(self) -> set[int]:
        """Return the alarms of which something is left to tell to a target that there is."""
        with self._database.reading() as run:
            rows = run.execute(
                "select cast(alarm_ids.id as integer) as id from alarm_ids join deliveries"
                f" on deliveries.alert = alarm_ids.alert where {self._is_left}",
                tuple(self._targets),
            ).fetchall()
        return {row["id"] for row in rows}

    def forget(self, before_ms: int, least: int = 0) -> int:
        """Remove alerts that ended before a time and of which nothing is left to tell.

        Not the newest `least`, and never the newest alarm: what comes after it is new.
        """
        with self._database.transaction() as run:
            return run.execute(
                "delete from alerts where ended_ms < ? and number <="
                " (select number from alerts order by number desc limit 1 offset ?)"
                " and not exists (select 1 from deliveries"
                f" where alert = number and {self._is_left})",
                (before_ms, max(1, least), *self._targets),
            ).rowcount

    @property
    def _is_left(self) -> str:
        """SQL: whether a delivery is to be made to a target that is still named."""
        return f"due_ms is not null and target in ({','.join('?' * len(self._targets))})"


def _delivery(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: row[name]
        for name in ("target", "event", "attempts", "due_ms", "sent_ms", "gone", "error")
    }
