"""Alarms as server-sent events, to all who listen."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec

__all__ = ["AlarmHub", "event_of"]

_MOST = 1000
"""Alarms that may wait for a slow listener; it is cut off then, and resumes by its last id."""


def event_of(alarm: dict[str, Any]) -> bytes:
    """Return an alarm as an event."""
    return b"id: %d\nevent: alarm\ndata: %b\n\n" % (alarm["id"], msgspec.json.encode(alarm))


class AlarmHub:
    """Passes alarms from the thread of the engine to coroutines that listen."""

    def __init__(self) -> None:
        self._listening: dict[asyncio.Queue[dict[str, Any] | None], asyncio.AbstractEventLoop] = {}

    def offer(self, alarm: dict[str, Any]) -> None:
        """Pass an alarm on; from any thread."""
        for queue, loop in list(self._listening.items()):
            with contextlib.suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(self._put, queue, alarm)

    @contextlib.contextmanager
    def listening(self) -> Iterator["asyncio.Queue[dict[str, Any] | None]"]:
        """Give a queue of all alarms from now on; None: it was cut off."""
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._listening[queue] = asyncio.get_running_loop()
        try:
            yield queue
        finally:
            self._listening.pop(queue, None)

    def close(self) -> None:
        """Cut all listeners off: the service ends."""
        for queue in list(self._listening):
            self._listening.pop(queue)
            queue.put_nowait(None)

    def _put(self, queue: "asyncio.Queue[dict[str, Any] | None]", alarm: dict[str, Any]) -> None:
        if queue in self._listening:
            if queue.qsize() >= _MOST:
                self._listening.pop(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(alarm)
