"""What shards say over NATS, held beside the service, which goes on without a server."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any, NamedTuple

from consilience.closing import Closes
from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.nats_address import check_address, shown_address
from consilience.distributed.nats_pubsub import NatsPubsub
from consilience.distributed.pubsub import ASK
from consilience.distributed.totals.shard_collector import Held, ShardCollector

__all__ = ["ShardWatch"]

_log = logging.getLogger(__name__)

_TURN_S = 0.25
_END_S = 5.0
_LATE_S = 10.0
"""A shard that was not heard for so long is no longer present."""
_AGAIN_S = 5.0


class _Line(NamedTuple):
    """The connection to the server: whether it stands, and since when, ms UTC."""

    connected: bool
    since_ms: int


@dataclass(frozen=True)
class _Seen:
    """What was held at a turn; its moments are of the monotonic clock."""

    shards: int | None = None
    held: Mapping[int, Held] = field(default_factory=dict)
    heard: Mapping[int, float] = field(default_factory=dict)
    doubts: Mapping[int, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


class ShardWatch(Closes):
    """Subscribes as `consilience watch` does, in a thread with an event loop of its own.

    Parameters
    ----------
    url : str
        The NATS server.
    access : NatsAccess
    collector : ShardCollector
        Of a roster's members (`SignedCollector`), or of anybody. The thread's alone from now on.
    signed : bool
        There is a roster.
    clock_ms : callable
        ms UTC.

    Raises
    ------
    BadInput, PermissionRefused, ToolMissing
        An address that is none, files that cannot be used. That there is no server is no error.
    """

    def __init__(
        self,
        url: str,
        access: NatsAccess,
        collector: ShardCollector,
        *,
        signed: bool,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        check_address(url)
        access.check([url])
        self.collector, self._signed = collector, signed
        self._url, self._access, self._clock_ms = url, access, clock_ms
        self._line, self._seen = _Line(False, clock_ms()), _Seen(collector.shards)
        self._ends = Event()
        self._thread = Thread(target=self._run, name="shards", daemon=True)
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the server, as far as is known."""
        return self._line.connected

    def view(self, after: int, limit: int) -> dict[str, Any]:
        """Return server and shards as the API gives them, shards above `after`.

        An age is of the last time that a shard was heard: with a roster the time since the last
        call that it answered, an upper bound of the age of what it said; without one it may have
        been any time on the way.
        """
        line, seen, now = self._line, self._seen, time.monotonic()
        known = sorted({*seen.held, *seen.doubts, *range(1, (seen.shards or 0) + 1)})
        shown = [one for one in known if one > after]
        found = [_shard(one, seen, now) for one in shown[:limit]]
        return {
            "nats": {
                "url": shown_address(self._url),
                "connected": line.connected,
                "since_ms": line.since_ms,
            },
            "signed": self._signed,
            "expected": seen.shards,
            "held": len(seen.held),
            "present": sum(_is_present(one, seen, now) for one in seen.held),
            "pieces": dict(sorted(seen.counts.items())),
            "shards": found,
            "next": found[-1]["shard"] if len(shown) > limit else None,
        }

    def close(self) -> None:
        """Leave the server."""
        self._ends.set()
        self._thread.join(_END_S)

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                asyncio.run(self._watch())
            except Exception as error:  # shards must not end with it, nor be silent about it
                self._note(connected=False)
                _log.error("shards are not heard, and it is tried again: %s: %s",
                           type(error).__name__, error)  # fmt: skip
                self._ends.wait(_AGAIN_S)

    async def _watch(self) -> None:
        async def ask_all() -> None:
            """Let every node say its state at once: what it said meanwhile was lost."""
            await pubsub.publish(ASK, b"")

        pubsub = NatsPubsub(self._url, self._access, connected=ask_all)
        await self.collector.subscribe(pubsub)
        starting = asyncio.create_task(pubsub.start())
        try:
            while not self._ends.is_set():
                self._note(connected=pubsub.is_connected)
                await self.collector.ask(pubsub)
                self._seen = _seen(self.collector)
                if starting.done():
                    starting.result()
                await asyncio.sleep(_TURN_S)
        finally:
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await starting
            await pubsub.close()

    def _note(self, *, connected: bool) -> None:
        if connected != self._line.connected:
            self._line = _Line(connected, self._clock_ms())


def _seen(collector: ShardCollector) -> _Seen:
    return _Seen(
        collector.shards,
        dict(collector.held),
        dict(collector.heard),
        dict(collector.doubts),
        dict(collector.counts),
    )


def _is_present(shard: int, seen: _Seen, now: float) -> bool:
    return now - seen.heard.get(shard, -_LATE_S) < _LATE_S


def _shard(shard: int, seen: _Seen, now: float) -> dict[str, Any]:
    held, doubt = seen.held.get(shard), seen.doubts.get(shard)
    if held is None:
        state = "not heard of" if doubt is None else "refused"
        return {"shard": shard, "state": state, "reason": doubt, "age_ms": None}
    message = held.message
    present = _is_present(shard, seen, now)
    return {
        "shard": shard,
        "state": "present" if present else "silent",
        "reason": doubt,
        "age_ms": round(1000 * (now - seen.heard[shard])),
        "changed_ms": round(1000 * (now - held.received)),
        "incarnation": message.incarnation,
        "version": message.version,
        "complete": message.complete,
        "volatile": message.volatile,
        "agents": len(held.sums),
        "rows": held.sums.rows,
        "digest": message.digest.hex(),
    }
