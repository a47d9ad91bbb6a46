"""Alarms on their way to people: taken once, told to each target, silenced, acknowledged."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from consilience.closing import Closes
from consilience.service.alerts.alert import Alert, Ended
from consilience.service.alerts.alert_book import AlertBook
from consilience.service.alerts.alerts_database import AlertsDatabase
from consilience.service.alerts.backoff import Backoff
from consilience.service.alerts.delivery_queue import DeliveryQueue
from consilience.service.alerts.sender import Sender
from consilience.service.alerts.silences import Silences
from consilience.service.alerts.target import Target
from consilience.service.store.full_disk import DiskFull

__all__ = ["Dispatcher", "wall_ms"]

_LOG = logging.getLogger(__name__)

_KEPT_MS = 365 * 86_400_000
_LEAST = 1_000
"""The newest alerts stay at any age: a clock that jumps ahead takes no more than the others."""
_TIDY_S = 3_600.0


def wall_ms() -> int:
    """Return the time, milliseconds UTC."""
    return time.time_ns() // 1_000_000


class Dispatcher(Closes):
    """The alerts of a service; each target has a thread of its own.

    What is offered is on disk when the call returns. A delivery is noted after the target took
    it: a process that is killed between the two tells it again, under the same id.

    Parameters
    ----------
    database_path : Path or None
        alerts.db; made if it is missing. None: in memory.
    targets : sequence of Target
        Closed with the dispatcher.
    clock : callable
        Milliseconds UTC.
    deployment : str
        Goes into the ids of deliveries.
    backoff : Backoff
    kept_ms : int
        Alerts and silences that have ended are forgotten after so long.

    Raises
    ------
    BadInput
        The file is no database of this version.
    """

    def __init__(
        self,
        database_path: Path | None,
        targets: Sequence[Target],
        clock: Callable[[], int] = wall_ms,
        deployment: str = "consilience",
        backoff: Backoff | None = None,
        kept_ms: int = _KEPT_MS,
    ) -> None:
        backoff = backoff or Backoff()
        self._database = AlertsDatabase(database_path)
        self._clock, self._kept_ms = clock, kept_ms
        self._book = AlertBook(self._database, {one.name: one.keeps_states for one in targets})
        self.silences = Silences(self._database)
        self.senders = [
            Sender(
                one, DeliveryQueue(self._database, one.name, deployment, backoff), backoff, clock
            )
            for one in targets
        ]
        self._changed = threading.Condition()
        self._changes = 0
        self._ends = False
        self._threads: list[threading.Thread] = []
        self._book.greet(clock())

    def now(self) -> int:
        """Return its time, milliseconds UTC."""
        return self._clock()

    def offer(self, alarm: Mapping[str, Any]) -> bool:
        """Take an alarm, as the API shows it; return whether it was new."""
        return self.offer_all([alarm]) > 0

    def offer_all(self, alarms: Sequence[Mapping[str, Any]]) -> int:
        """Take alarms, each once by its id; return how many were new."""
        found = self._book.raise_all(alarms, self._clock())
        if found:
            self._wake()
        return found

    def end_of_agent(
        self, agent: int | str, how: Ended, by: str | None = None, note: str | None = None
    ) -> list[str]:
        """End all that stands of an agent; return the ids."""
        return self._end(self._book.standing(agent), how, by, note)

    def end_alarm(
        self, alarm: str, how: Ended, by: str | None = None, note: str | None = None
    ) -> list[str]:
        """End the alert of one alarm, if it stands; return its id."""
        found = self._book.of_alarm(alarm)
        return [] if found is None else self._end([found], how, by, note)

    def _end(
        self, alerts: Sequence[Alert], how: Ended, by: str | None, note: str | None
    ) -> list[str]:
        if self._book.end(alerts, how, self._clock(), by, note):
            self._wake()
        return [one.id for one in alerts]

    def alert(self, alarm: str) -> Alert | None:
        """Return the alert of an alarm's id."""
        return self._book.of_alarm(alarm)

    def counts(self) -> dict[str, int]:
        """Return how many alerts stand, by kind."""
        return self._book.counts()

    def standing(self) -> list[Alert]:
        """Return the alerts that stand, the oldest first."""
        return self._book.standing()

    def untold(self) -> set[int]:
        """Return the numbers of alarms that are still to be told to a target."""
        return self._book.untold()

    def forget(self) -> int:
        """Remove alerts and silences that ended long ago; return how many alerts that were."""
        before_ms = self._clock() - self._kept_ms
        self.silences.forget(before_ms)
        return self._book.forget(before_ms, _LEAST)

    def last_alarm(self) -> int:
        """Return the highest number of an alarm that was offered; 0 of none."""
        return self._book.last_alarm()

    def listed(
        self, after: int = 0, limit: int = 100, *, standing: bool = True
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Return a page of alerts, and what became of telling them; see `AlertBook.listed`."""
        return self._book.listed(self._clock(), after, limit, standing=standing)

    def silence(
        self, pattern: str, until_ms: int, by: str | None = None, note: str | None = None
    ) -> dict[str, Any]:
        """Silence agents until a time; see `Silences.add`."""
        return self.silences.add(pattern, until_ms, self._clock(), by, note)

    def lift(self, number: int) -> dict[str, Any]:
        """End a silence now; what still stands is told."""
        found = self.silences.lift(number, self._clock())
        self._wake()
        return found

    def silenced(self) -> list[dict[str, Any]]:
        """Return the silences that hold."""
        return self.silences.listed(self._clock())

    def start(self) -> None:
        """Begin to tell, in threads."""
        work = [(one.target.name, lambda one=one: self._serve(one)) for one in self.senders]
        for name, serve in [*work, ("tidy", self._tidy)]:
            thread = threading.Thread(target=serve, name=f"alerts {name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def run(self) -> None:
        """Tell until the dispatcher is closed."""
        self.start()
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """End the threads, once the attempts on their way have ended, and close the file."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        for one in self.senders:
            one.target.close()
        self._database.close()

    def _wake(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def _serve(self, sender: Sender) -> None:
        while not self._ends:
            seen = self._changes
            try:
                wait_ms = sender.turn()
            except Exception as error:  # a full disk must not end telling for ever
                _LOG.error(
                    "telling target %s failed (%s); again in 5 s", sender.target.name, error,
                    exc_info=None if isinstance(error, DiskFull) else error,
                )  # fmt: skip
                wait_ms = 5_000
            self._sleep(wait_ms / 1000, seen)

    def _sleep(self, seconds: float, seen: int) -> None:
        """Wait; less if there is something new since `seen` changes."""
        with self._changed:
            self._changed.wait_for(lambda: self._ends or self._changes != seen, seconds)

    def _tidy(self) -> None:
        while not self._ends:
            try:
                self.forget()
            except Exception:
                _LOG.exception("alerts that ended long ago could not be removed; again in an hour")
            with self._changed:
                self._changed.wait_for(lambda: self._ends, _TIDY_S)
