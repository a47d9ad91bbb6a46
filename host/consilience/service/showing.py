"""What readers see of records: alarms in the database, and a call to who wants to know of them."""

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from consilience.service.state import Applied
from consilience.service.store.database import Database
from consilience.service.store.full_disk import DiskFull

__all__ = ["Alarm", "Showing"]

_log = logging.getLogger(__name__)

_LOGGED = "id", "kind", "agent", "run", "provisional", "statistic_bits", "threshold_bits"
"""What a line of the log says of an alarm."""

Alarm = dict[str, Any]


class Showing:
    """Shows what records did, in order; what the disk has no room for is shown once it has.

    The log of observations has those records: nothing of them is lost, but nobody sees their
    alarms yet. So the engine takes no more records meanwhile, and no snapshot is written, from
    which a start would go on without them.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._unseen: list[Applied] = []
        self._callbacks: list[Callable[[Alarm], None]] = []
        self._on_user: list[Callable[..., None]] = []

    @property
    def trouble(self) -> str | None:
        """Why records wait to be shown; None if none does."""
        unseen = tuple(self._unseen)
        if not unseen:
            return None
        count = sum(len(one.alarms) for one in unseen)
        return (
            f"the disk of the state is full: {count:,} alarms cannot be shown and told; nothing "
            "more is taken until there is room, so make some: nothing that was answered is lost"
        )

    def on_alarm(self, callback: Callable[[Alarm], None]) -> None:
        """Let a function be called with each alarm, in order, by one thread at a time."""
        self._callbacks.append(callback)

    def on_user(self, callback: Callable[..., None]) -> None:
        """Let a function be called when a user said something of an agent; see `Engine.on_user`."""
        self._on_user.append(callback)

    def add(self, done: Sequence[Applied]) -> None:
        """Show what records did, or keep it for `show` if the disk is full.

        What was shown before, by a process of before, is not shown once more.
        """
        with self._lock:
            is_first = not self._unseen
            shown = self._database.position
            self._unseen += [
                one for one in done if one.position > shown and (one.alarms or one.acknowledged)
            ]
            if is_first:
                with contextlib.suppress(DiskFull):  # the keeper says so, and tries again
                    self._show()

    def show(self) -> None:
        """Show what waits; DiskFull if there is still no room."""
        with self._lock:
            self._show()

    def _show(self) -> None:
        unseen = self._unseen
        if not unseen:
            return
        alarms = [alarm for one in unseen for alarm in one.alarms]
        said = [(agent, one.at_ms, last) for one in unseen for agent, last in one.acknowledged]
        try:
            self._database.write_alarms(unseen[-1].position, alarms, said)
        except DiskFull:
            raise DiskFull(self.trouble) from None
        self._unseen = []
        for alarm in alarms:
            _log.info("alarm", extra={name: alarm.get(name) for name in _LOGGED})
            for callback in self._callbacks:
                callback(alarm)
        for one in unseen:
            for agent, _ in one.acknowledged:
                for note in self._on_user:
                    note(agent, renewed=agent in one.renewed)
