"""How many agents are in which state, and how many were not heard of for how long."""

import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from consilience.service.state import ServiceState
from consilience.service.views import state_of

__all__ = ["SILENT_S", "Census", "FleetCensus"]

SILENT_S = 300, 3_600, 86_400
"""Seconds without a word of an agent that are told apart."""

_CHUNK = 2_000
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

    A count is kept for fifty times as long as it took: a large fleet costs two percent of a core.

    Parameters
    ----------
    state : ServiceState
    clock_ms : callable
        ms UTC.
    steady : callable
        Seconds that never go back.
    """

    def __init__(
        self,
        state: ServiceState,
        clock_ms: Callable[[], int],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state, self._clock, self._steady = state, clock_ms, steady
        self._last: Census | None = None
        self._kept_until = 0.0

    def count(self) -> Census:
        """Return the numbers, up to a while old."""
        began = self._steady()
        if self._last is None or began >= self._kept_until:
            self._last = self._counted()
            self._kept_until = began + _SHARE * (self._steady() - began)
        return self._last

    def _counted(self) -> Census:
        state, now = self._state, self._clock()
        states, silent = Counter(alarm=0, quiet=0, learning=0), Counter(dict.fromkeys(SILENT_S, 0))
        newest: int | None = None
        place = 0
        while True:
            with state.lock:
                agents = state.directory.order[place : place + _CHUNK]
                for agent in agents:
                    states[state_of(state, agent, state.watch.monitor.statistic(agent))] += 1
                    last = state.directory[agent].last_ms
                    newest = last if newest is None else max(newest, last)
                    for seconds in SILENT_S:
                        silent[seconds] += now - last > 1000 * seconds
            place += len(agents)
            if not agents:
                return Census(states, silent, newest)
