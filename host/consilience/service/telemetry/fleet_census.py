"""How many agents are in which state, and how many were not heard of for how long."""

import time
from collections import Counter
from collections.abc import Callable
from threading import Lock, Thread
from typing import NamedTuple

from consilience.service.state import ServiceState
from consilience.service.views import state_of

__all__ = ["SILENT_S", "Census", "FleetCensus"]

SILENT_S = 300, 3_600, 86_400
"""Seconds without a word of an agent that are told apart."""

_SMALL = 10_000
_CHUNK = 1_000
_SHARE = 50


class Census(NamedTuple):
    """Numbers of agents.

    Parameters
    ----------
    states : Counter
        By state: alarm, quiet, learning.
    silent : Counter
        By seconds of `SILENT_S`: not heard of for longer.
    newest_ms : int or None
        When any was heard last, ms UTC.
    """

    states: Counter[str]
    silent: Counter[int]
    newest_ms: int | None


class FleetCensus:
    """Counts agents a few thousand at a time, so that who applies records never waits for long.

    A small fleet is counted when it is asked for. A large one is counted in a thread of its own, so
    that a scrape is quick, and not again for fifty times as long as that took: two percent of a
    core.

    Parameters
    ----------
    state : ServiceState
    clock_ms : callable
        ms UTC.
    small : int
        Agents of a small fleet, at most.
    """

    def __init__(
        self, state: ServiceState, clock_ms: Callable[[], int], small: int = _SMALL
    ) -> None:
        self._state, self._clock, self._small = state, clock_ms, small
        self._last: Census | None = None
        self._next = 0.0
        self._counting = Lock()

    def count(self) -> Census | None:
        """Return the numbers, those of a large fleet up to a while old; None: not known yet."""
        if len(self._state.directory) <= self._small:
            return self._counted()
        if time.monotonic() >= self._next and self._counting.acquire(blocking=False):
            Thread(target=self._count, name="census", daemon=True).start()
        return self._last

    def _count(self) -> None:
        try:
            began = time.monotonic()
            self._last = self._counted()
            now = time.monotonic()
            self._next = now + _SHARE * (now - began)
        finally:
            self._counting.release()

    def _counted(self) -> Census:
        state, now = self._state, self._clock()
        states, silent = Counter(alarm=0, quiet=0, learning=0), Counter(dict.fromkeys(SILENT_S, 0))
        newest: int | None = None
        place = 0
        while True:
            with state.lock:
                agents = state.directory.order[place : place + _CHUNK]
                for agent in agents:
                    states[state_of(state, agent)] += 1
                    last = state.directory[agent].last_ms
                    newest = last if newest is None else max(newest, last)
                    for seconds in SILENT_S:
                        silent[seconds] += now - last > 1000 * seconds
            place += len(agents)
            if not agents:
                return Census(states, silent, newest)
