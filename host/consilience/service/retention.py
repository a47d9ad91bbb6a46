"""What ended long ago goes, so that a service that runs for years stays as large as its fleet."""

import logging
import time
from collections.abc import Callable, Collection

from consilience.service.store.database import Database

__all__ = ["LEAST_ALARMS", "Retention"]

_log = logging.getLogger(__name__)

LEAST_ALARMS = 1_000
"""The newest alarms stay at any age: a clock that jumps ahead takes no more than the others."""

_EVERY_S = 3_600.0
_PART = 1_000


class Retention:
    """Removes alarms that were acknowledged so long ago, about once an hour.

    None that stands, that somebody is still to be told of, or that is among the newest. Numbers are
    not given again, and a replay of the log brings back none: the database says up to which record
    it has them.

    Parameters
    ----------
    database : Database
        Of the alarms.
    untold : callable
        Returns the numbers of alarms that are in the queue of a target.
    kept_ms : int
    clock_ms : callable
        ms UTC.
    clock_s : callable
        Seconds, monotonic.
    """

    def __init__(
        self,
        database: Database,
        untold: Callable[[], Collection[int]],
        kept_ms: int,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._untold, self._kept_ms = database, untold, kept_ms
        self._clock_ms, self._clock_s = clock_ms, clock_s
        self._next = 0.0

    def turn(self) -> None:
        """Remove what is due if the last time is an hour ago."""
        now = self._clock_s()
        if now < self._next:
            return
        removed = self.remove()
        self._next = now + _EVERY_S
        if removed:
            _log.info("removed alarms that were acknowledged long ago", extra={"alarms": removed})

    def remove(self) -> int:
        """Remove what is due; return how many alarms that were."""
        before, removed, after = self._clock_ms() - self._kept_ms, 0, 0
        while found := self._database.old_alarms(before, LEAST_ALARMS, after, _PART):
            after = found[-1]
            untold = set(self._untold())
            removed += self._database.remove_alarms([one for one in found if one not in untold])
        return removed
