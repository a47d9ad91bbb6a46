"""An alert: an alarm that people are told of, from its raising to its end."""

import enum
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consilience.errors import BadInput

__all__ = ["Alert", "Ended", "Event", "alarm_of", "key_of", "reason_of"]


class Event(enum.StrEnum):
    """What a target is told of an alert."""

    RAISED = "raised"
    RESOLVED = "resolved"


class Ended(enum.StrEnum):
    """How an alert ends."""

    ACKNOWLEDGED = "acknowledged"
    RENEWED = "renewed"


@dataclass(frozen=True)
class Alert:
    """A row of the table of alerts.

    Attributes
    ----------
    number : int
        In the order of arrival.
    id : str
        Of the alarm that raised it; a confirmation does not change it.
    at_ms, ended_ms : int
        Milliseconds UTC; `ended_ms` None while it stands.
    kind : str
        agent, run, fleet or group.
    agent, run : int, str or None
    provisional : bool
        Raised while its run was open, and not confirmed yet.
    alarm : mapping
        As the service's API shows alarms.
    how : Ended or None
    by, note : str or None
        Who ended it, and what they say of it.
    """

    number: int
    id: str
    at_ms: int
    kind: str
    agent: int | str | None
    run: int | str | None
    provisional: bool
    alarm: Mapping[str, Any]
    ended_ms: int | None = None
    how: Ended | None = None
    by: str | None = None
    note: str | None = None

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Alert":
        """Return the alert of a row."""
        how, alarm = row["ended_how"], json.loads(row["alarm"])
        return cls(
            row["number"],
            row["id"],
            row["at_ms"],
            row["kind"],
            alarm.get("agent"),
            alarm.get("run"),
            bool(row["provisional"]),
            alarm,
            row["ended_ms"],
            None if how is None else Ended(how),
            row["ended_by"],
            row["note"],
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as the API shows it: the alarm, and how it ended."""
        ended = None
        if self.ended_ms is not None:
            ended = {"at_ms": self.ended_ms, "how": self.how, "by": self.by, "note": self.note}
        return {
            **self.alarm,
            "id": self.alarm["id"] if str(self.alarm["id"]) == self.id else self.id,
            "at_ms": self.at_ms,
            "provisional": self.provisional,
            "ended": ended,
        }


def alarm_of(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an alarm.

    Raises
    ------
    BadInput
        A field is missing.
    """
    missing = [name for name in ("id", "at_ms", "kind") if alarm.get(name) is None]
    if missing:
        raise BadInput(f"an alarm without {' and '.join(missing)} cannot be told; give it")
    agent, run = alarm.get("agent"), alarm.get("run")
    return {
        "id": str(alarm["id"]),
        "at_ms": int(alarm["at_ms"]),
        "kind": str(alarm["kind"]),
        "agent": key_of(agent),
        "name": None if agent is None else str(agent),
        "run": key_of(run),
        "provisional": int(bool(alarm.get("provisional"))),
        "alarm": json.dumps(alarm),
    }


def reason_of(alarm: Mapping[str, Any]) -> str | None:
    """Return why an alarm was raised: the runs that moved it, and what their scores were."""
    words = alarm.get("why"), alarm.get("scores", {}).get("says")
    return "; ".join(one for one in words if one) or None


def key_of(name: object) -> str | None:
    """Return an agent or a run as the tables have it: 1 and "1" are two."""
    return None if name is None else json.dumps(name)
