"""The alerts of a service: every alarm of its engine is offered, also after a crash."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from consilience.closing import Closes
from consilience.service.alerts.alert import Alert, Ended
from consilience.service.alerts.dispatcher import Dispatcher
from consilience.service.alerts.target import Target
from consilience.service.engine import Engine
from consilience.service.intake.columns import Columns, Event
from consilience.service.store.full_disk import DiskFull

__all__ = ["Alerting"]

_LOG = logging.getLogger(__name__)

_PAGE = 500
_LOOK_S = 60.0
"""So often it looks for alarms that nobody told it of."""
_AGAIN_S = 5.0
"""So long after a failure, as on a full disk."""


class Alerting(Closes):
    """Brings alarms from the service's database to a dispatcher, in a thread of its own.

    The engine never waits for it. What was not offered when the process ended is found at the next
    start, since alarms have numbers; so is what was acknowledged.

    Parameters
    ----------
    path : Path or None
        alerts.db; None: in memory.
    engine : Engine
        Closed before this is.
    targets : sequence of Target
    deployment : str
    kept_ms : int
        See `Dispatcher`.
    """

    def __init__(
        self,
        path: Path | None,
        engine: Engine,
        targets: Sequence[Target],
        deployment: str,
        kept_ms: int,
    ) -> None:
        self.dispatcher = Dispatcher(path, targets, deployment=deployment, kept_ms=kept_ms)
        self._engine = engine
        self._last = self.dispatcher.last_alarm()
        self._turns = threading.Lock()
        self._news = threading.Event()
        self._ends = False
        self._renewed = set[int | str]()
        self._words = dict[int | str, tuple[str | None, str | None]]()
        self._check_last()
        engine.on_alarm(lambda _alarm: self._news.set())
        engine.on_user(self._note)
        self._thread = threading.Thread(target=self._run, name="alerts feed", daemon=True)
        self._thread.start()
        self.dispatcher.start()

    def acknowledge(self, alarm: int, by: str | None, note: str | None) -> list[int]:
        """Acknowledge an alarm: for its agent, of which all that stands ends, or the fleet.

        Returns
        -------
        list of int
            Numbers of the alarms that ended, or this one alone if it was acknowledged before: what
        came since then stands. Empty if there is none of this number.

        Raises
        ------
        ConsilienceError
            The engine takes nothing, as with a full disk: then nothing is acknowledged.
        """
        found = self._engine.database.alarms(alarm - 1, 1)
        if not found or found[0]["id"] != alarm:
            return []
        if found[0]["acknowledged_ms"] is not None:
            return [alarm]
        agent = found[0].get("agent")
        if agent is None:
            self._engine.database.acknowledge(alarm, self.dispatcher.now())
            self.catch_up(by, note)
            return [alarm]
        self._words[agent] = by, note
        try:
            row = Columns([agent], [None], [Event.ACKNOWLEDGE], [None], [None])
            before = {one.id for one in self.dispatcher.standing() if one.agent == agent}
            self._engine.submit(row).result()
            self.catch_up()
        finally:
            self._words.pop(agent, None)
        return sorted({alarm} | {int(one) for one in before})

    def remove(self, agent: int | str, by: str | None) -> int:
        """Forget an agent, and end all that stands of it; return the position of its record.

        Raises
        ------
        ConsilienceError
            It cannot be, or the engine takes nothing: then nothing changed.
        """
        self._words[agent] = by, "the agent was removed"
        try:
            done = self._engine.remove(agent).result()
            self.catch_up()
        finally:
            self._words.pop(agent, None)
        return done.position

    def catch_up(self, by: str | None = None, note: str | None = None) -> None:
        """Offer the alarms that were not, and end those that were acknowledged."""
        with self._turns:
            while page := self._engine.database.alarms(self._last, _PAGE):
                # What was acknowledged in the meantime is known.
                new = [one for one in page if one["acknowledged_ms"] is None]
                self.dispatcher.offer_all(new)
                self._last = page[-1]["id"]
            standing = {int(one.id): one for one in self.dispatcher.standing()}
            for number in self._engine.database.acknowledged(list(standing)):
                self._end(standing[number], by, note)

    def close(self) -> None:
        """Offer what is left, then end."""
        self._ends = True
        self._news.set()
        self._thread.join()
        self.dispatcher.close()

    def _end(self, alert: Alert, by: str | None, note: str | None) -> None:
        agent = alert.agent
        how = Ended.RENEWED if agent in self._renewed else Ended.ACKNOWLEDGED
        if agent is not None:
            by, note = self._words.get(agent, (by, note))
        self.dispatcher.end_alarm(alert.id, how, by, note)

    def _note(self, agent: int | str, *, renewed: bool) -> None:
        """Take note, called by one thread at a time, that a user said something of an agent."""
        if renewed:
            self._renewed.add(agent)
        else:
            self._renewed.discard(agent)
        self._news.set()

    def _run(self) -> None:
        said = ""
        while True:
            ends = self._ends
            self._news.clear()
            try:
                self.catch_up()
                said = ""
            except Exception as error:  # a full disk must not end it for ever
                if said != repr(error):
                    _LOG.error(
                        "alarms could not be queued for telling (%s), and again every 5 s", error,
                        exc_info=None if isinstance(error, DiskFull) else error,
                    )  # fmt: skip
                said = repr(error)
            if ends:
                return
            self._news.wait(_AGAIN_S if said else _LOOK_S)

    def _check_last(self) -> None:
        newest: list[dict[str, Any]] = self._engine.database.alarms(max(0, self._last - 1), 1)
        if self._last and not newest:
            _LOG.warning(
                "alerts.db knows alarm %d, which the state does not have: the state is of an older "
                "backup. Alarms up to that number are told no second time; move alerts.db away, "
                "and all that stands is told anew",
                self._last,
            )
