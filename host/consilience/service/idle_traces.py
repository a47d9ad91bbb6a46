"""Traces that have had no new span for long: by a clock that does not jump."""

import time
from collections.abc import Callable, Mapping

__all__ = ["IdleTraces"]


class IdleTraces:
    """Since when each open trace is as it is. A new start of the service begins anew.

    Parameters
    ----------
    idle_s : float
    clock : callable
        Monotonic, s.
    """

    def __init__(self, idle_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_s, self._clock = idle_s, clock
        self._since: dict[str, tuple[int, float]] = {}

    def idle(self, last: Mapping[str, int]) -> list[str]:
        """Return the traces that have been as they are for so long.

        Parameters
        ----------
        last : mapping of str to int
            Open traces, and the position of the last record that brought a new span.
        """
        now, before = self._clock(), self._since
        self._since = {}
        for name, position in last.items():
            held = before.get(name)
            is_same = held is not None and held[0] == position
            self._since[name] = held if held is not None and is_same else (position, now)
        return [name for name, (_, since) in self._since.items() if now - since >= self._idle_s]
