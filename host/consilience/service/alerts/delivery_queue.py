"""What is to be told to a target, and when: on disk before it is tried."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from consilience.service.alerts.alert import Alert, Event
from consilience.service.alerts.alerts_database import AlertsDatabase
from consilience.service.alerts.backoff import Backoff
from consilience.service.alerts.silences import SILENCED
from consilience.service.alerts.target import Delivery

__all__ = ["RESOLVED_FOR_MS", "DeliveryQueue"]

RESOLVED_FOR_MS = 900_000
"""What keeps states is told of an end for so long: it may have lost the alert while away."""

_GIVEN_UP = "given up"

_IS_TOLD = f"""(event = 'resolved' and not exists (
    select 1 from deliveries as raised
    where raised.alert = deliveries.alert and raised.target = deliveries.target
        and raised.event = 'raised' and raised.due_ms is not null
) or event = 'raised' and (sent_ms is not null or not {SILENCED}))"""
"""SQL: whether it may be told now: an end after its beginning, a beginning that is not silenced."""

_ELIGIBLE_MS = """max(queued_ms, coalesce((
    select max(until_ms) from silences
    where until_ms <= :now and until_ms > queued_ms and coalesce(alerts.name, '') glob pattern
), 0))"""
"""SQL: since when it could have been told."""


class DeliveryQueue:
    """The deliveries of one target.

    Parameters
    ----------
    database : AlertsDatabase
    target : str
        Its name.
    deployment : str
        Goes into the ids of deliveries, so that those of two services differ.
    backoff : Backoff
    """

    def __init__(
        self, database: AlertsDatabase, target: str, deployment: str, backoff: Backoff
    ) -> None:
        self._database = database
        self._target = target
        self._deployment = re.sub(r"[^A-Za-z0-9_-]", "_", deployment)[:40] or "consilience"
        self._backoff = backoff

    def due(self, now: int, most: int) -> list[Delivery]:
        """Return what is to be told now, the oldest first."""
        with self._database.reading() as run:
            rows = run.execute(
                "select alerts.*, event, sent_ms is not null as again from deliveries"
                " join alerts on number = alert"
                " where target = :target and due_ms is not null"
                # A clock that was set back must not make anything wait for it to catch up.
                " and (due_ms <= :now or due_ms > :now + :most_ms)"
                f" and {_IS_TOLD} order by alert, event limit :most",
                self._values(now, most=most, most_ms=2 * max(self._backoff.most_ms, 3_600_000)),
            ).fetchall()
        return [
            Delivery(self._id(row), Event(row["event"]), Alert.of(row), bool(row["again"]))
            for row in rows
        ]

    def next_ms(self, now: int) -> int | None:
        """Return the time at which something is due that is not yet; None: nothing is queued."""
        with self._database.reading() as run:
            found = run.execute(
                "select min(due_ms) from deliveries where target = ? and due_ms > ?",
                (self._target, now),
            ).fetchone()[0]
        return None if found is None else int(found)

    def taken(self, deliveries: Sequence[Delivery], now: int, repeat_ms: int = 0) -> None:
        """Note that the target took them; with `repeat_ms` it is told again while that is so."""
        with self._database.transaction() as run:
            for one in deliveries:
                until = (one.alert.ended_ms or now) + RESOLVED_FOR_MS
                is_again = repeat_ms and (one.event is Event.RAISED or now < until)
                due = now + repeat_ms if is_again else None
                run.execute(
                    "update deliveries set attempts = attempts + 1, error = null,"
                    " sent_ms = coalesce(sent_ms, :now),"
                    # It may have ended, or been given up, on the way.
                    " due_ms = case when due_ms is null then null else :due end"
                    " where alert = :alert and target = :target and event = :event",
                    self._values(now, one, due=due),
                )

    def refused(self, one: Delivery, error: str, now: int, due_ms: int | None = None) -> None:
        """Note a failure; `due_ms` if it is this delivery's own, and when to try it again."""
        with self._database.transaction() as run:
            run.execute(
                "update deliveries set attempts = attempts + 1, error = :error,"
                " due_ms = case when due_ms is null then null else coalesce(:due, due_ms) end"
                " where alert = :alert and target = :target and event = :event",
                self._values(now, one, error=error, due=due_ms),
            )

    def attempts(self, one: Delivery) -> int:
        """Return how often it was tried."""
        with self._database.reading() as run:
            row = run.execute(
                "select attempts from deliveries where alert = :alert and target = :target"
                " and event = :event",
                self._values(0, one),
            ).fetchone()
        return int(row["attempts"])

    def give_up(
        self, now: int, *, states: bool, only: Delivery | None = None
    ) -> list[tuple[str, str]]:
        """Give up what has waited too long; return the id of its alert, and the event.

        What stands is never given up for a target that keeps states: it is told as soon as the
        target is there.

        Parameters
        ----------
        states : bool
            The target keeps states.
        only : Delivery, optional
            Of this one alone.
        """
        with self._database.transaction() as run:
            rows = run.execute(
                "select alert, event, alerts.id from deliveries join alerts on number = alert"
                " where target = :target and due_ms is not null"
                " and (event = 'resolved' or not :states)"
                " and (:only is null or alert = :only)"
                f" and {_IS_TOLD} and {_ELIGIBLE_MS} <= :now - :give_up_ms",
                self._values(
                    now,
                    states=states,
                    only=only and only.alert.number,
                    give_up_ms=self._backoff.give_up_ms,
                ),
            ).fetchall()
            for row in rows:
                # The end of what was never told is not told either.
                run.execute(
                    "update deliveries set due_ms = null, gone = :gone where alert = :alert"
                    " and target = :target and due_ms is not null"
                    " and (event = :event or event = 'resolved')",
                    {**dict(row), "target": self._target, "gone": _GIVEN_UP},
                )
        return [(row["id"], row["event"]) for row in rows]

    def figures(self, now: int) -> dict[str, int]:
        """Return how many wait to be told a first time, since when, and how many are given up.

        What is silenced does not wait.
        """
        with self._database.reading() as run:
            waiting = run.execute(
                f"select count(*) as number, min({_ELIGIBLE_MS}) as since from deliveries"
                " join alerts on number = alert where target = :target and due_ms is not null"
                f" and sent_ms is null and {_IS_TOLD}",
                self._values(now),
            ).fetchone()
            given_up = run.execute(
                "select count(*) from deliveries where target = :target and gone = :gone",
                {"target": self._target, "gone": _GIVEN_UP},
            ).fetchone()[0]
        since = waiting["since"]
        return {
            "waiting": waiting["number"],
            "waiting_ms": 0 if since is None else max(0, now - since),
            "given_up": given_up,
        }

    def _id(self, row: Mapping[str, Any]) -> str:
        alert = row["id"]
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", alert):
            alert = f"n{row['number']}"
        # With the time, since numbers come again where a state is restored from a backup.
        return f"{self._deployment}-{alert}-{row['at_ms']}-{row['event']}"

    def _values(self, now: int, one: Delivery | None = None, **more: object) -> dict[str, object]:
        values: dict[str, object] = {"now": now, "target": self._target, **more}
        if one is not None:
            values |= {"alert": one.alert.number, "event": one.event}
        return values
