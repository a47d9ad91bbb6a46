"""An event loop that takes messages in batches: fewer, longer turns for a little latency."""

import asyncio
import selectors
import time
from selectors import SelectorKey

__all__ = ["BatchingLoop"]


class _BatchingSelector(selectors.DefaultSelector):
    """Begins turns a least time apart, so that one turn takes all that came meanwhile."""

    def __init__(self, apart_s: float) -> None:
        super().__init__()
        self._apart_s = apart_s
        self._next = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(timeout)
        if not ready or timeout == 0:
            return ready
        if (early := self._next - time.monotonic()) > 0:
            time.sleep(early)
            ready = super().select(0)
        self._next = time.monotonic() + self._apart_s
        return ready


class BatchingLoop(asyncio.SelectorEventLoop):
    """A loop whose turns for what comes in begin `apart_s` apart and take all that came until then.

    A node that hears a hundred others spends most of its time on waking up; with 10 turns a second
    it hears the same in half of the time. What comes after a silence is taken at once. It needs a
    thread that does nothing else.

    Parameters
    ----------
    apart_s : float
        Seconds.
    """

    def __init__(self, apart_s: float) -> None:
        super().__init__(_BatchingSelector(apart_s))
