"""A read node as a process: reports and reads over a Unix socket, dated states over NATS.

A request is a line of a connection, a JSON object; each gets one line, in order:

- ``{"op": "read"}``: the answer, see `Answer`.
- ``{"op": "report", "seq": 0, "reporter": 3, "ratio": -70000}``: ``{"fresh": true, "version": 1,
  "at": 52}`` (`Acknowledgement`) once the report is on the disk and in the state. That can take as
  long as the rate of changes wants it; requests of other connections do not wait for it.
- ``{"op": "status"}``: shard, incarnation, start (the clock in ns), servers (connected now) and
  received (dated states by what became of them).

What is refused gets ``{"error": "..."}``.

Two threads: this one answers, the other, with a `BatchingLoop`, gossips. Neither reads nor gossip
wait for the disk: one worker takes the reports.
"""

import asyncio
import contextlib
import json
import signal
import struct
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from consilience.distributed.batching_loop import BatchingLoop
from consilience.distributed.multi_site_pubsub import MultiSitePubsub
from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.reads.gossip import Gossip
from consilience.distributed.reads.line_protocol import LineProtocol
from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.reads.shard_state import Report
from consilience.errors import BadInput

__all__ = ["ReadDaemon", "check_socket"]

_TURNS_APART_S = 0.3
_HASTY_TURNS_APART_S = 0.1
_HASTE_S = 2.0
_SWITCH_S = 0.001
_LONGEST_PATH = 100
_REFUSED = BadInput, ValueError, KeyError, TypeError, RecursionError, struct.error


def check_socket(path: Path) -> None:
    """Raise BadInput if no socket can have this name."""
    if len(bytes(path)) > _LONGEST_PATH:
        raise BadInput(f"{path}: too long for a socket; choose a shorter --log")


class ReadDaemon:
    """Runs a read node until SIGTERM.

    Parameters
    ----------
    node : ReadNode
    urls : sequence of str
        NATS servers, the own site's first. None of them has to be there.
    period_s : float
        See `Gossip`.
    socket : Path
        The local interface; only the user who runs this may connect.
    access : NatsAccess, optional
        As of `MultiSitePubsub`.
    """

    def __init__(
        self,
        node: ReadNode,
        urls: Sequence[str],
        period_s: float,
        socket: Path,
        access: NatsAccess | None = None,
    ) -> None:
        self._access = access
        self._node, self._urls, self._period_s, self._socket = node, urls, period_s, socket
        self._pubsub: MultiSitePubsub | None = None
        self._network = BatchingLoop(_HASTY_TURNS_APART_S)
        self._leaving = asyncio.Event()
        self._producer = ThreadPoolExecutor(1)

    async def run(self, ready: Callable[[], None]) -> None:
        """Answer until SIGTERM; `ready` is called once requests are answered.

        Raises
        ------
        OSError
            The disk or the socket failed.
        """
        sys.setswitchinterval(_SWITCH_S)  # the longest that a read waits for the other thread
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = loop.create_future()
        gossiping = loop.run_in_executor(None, self._run_network)
        gossiping.add_done_callback(self._end)
        try:
            protocol = partial(LineProtocol, self._answer)
            server = await loop.create_unix_server(protocol, self._socket)
            with contextlib.closing(server):
                self._socket.chmod(0o600)
                loop.add_signal_handler(signal.SIGTERM, self._end)
                self._node.read()  # compiles what a read needs, so that the first is not late
                ready()
                await self._ended
        finally:
            self._socket.unlink(missing_ok=True)
            self._producer.shutdown(wait=False, cancel_futures=True)
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._network.call_soon_threadsafe(self._leaving.set)
            await asyncio.wait([gossiping])

    def _end(self, done: "asyncio.Future[Any] | None" = None) -> None:
        error = done.exception() if done is not None and not done.cancelled() else None
        if not self._ended.done():
            self._ended.set_exception(error) if error else self._ended.set_result(None)

    def _run_network(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._network) as runner:
            runner.run(self._gossip())

    async def _gossip(self) -> None:
        gossip = Gossip(self._node, self._period_s)

        def greeting(way: int) -> tuple[str, bytes]:
            self._network.call_later(_HASTE_S, self._be_calm)
            return gossip.greeting(way)

        self._pubsub = MultiSitePubsub(
            self._urls, greeting, lost=self._make_haste, access=self._access
        )
        running = asyncio.create_task(gossip.run(self._pubsub))
        running.add_done_callback(lambda _: self._leaving.set())
        await self._leaving.wait()
        running.cancel()
        await self._pubsub.close()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    def _make_haste(self) -> None:
        # A connection is made in several turns, and who was cut off has much to catch up with.
        self._network.keep_apart(_HASTY_TURNS_APART_S)

    def _be_calm(self) -> None:
        if self._pubsub and self._pubsub.is_whole:
            self._network.keep_apart(_TURNS_APART_S)

    def _answer(self, line: bytes) -> bytes | Awaitable[bytes]:
        try:
            request = json.loads(line)
            if request["op"] == "read":
                return _packed(self._node.read().as_dict())
            if request["op"] == "report":
                return self._accept(request["seq"], Report(request["reporter"], request["ratio"]))
            if request["op"] == "status":
                return _packed(self._status())
            raise BadInput("op is read, report or status")
        except _REFUSED as error:
            return _refusal(error)

    async def _accept(self, seq: Any, report: Report) -> bytes:
        accept = asyncio.get_running_loop().run_in_executor(
            self._producer, self._node.accept, seq, report
        )
        try:
            done = await accept
        except OSError as error:
            self._end(accept)  # no one knows how much of the report is on the disk
            return _packed({"error": str(error)})
        except _REFUSED as error:
            return _refusal(error)
        return _packed({"fresh": done.fresh, "version": done.version, "at": done.at_ns})

    def _status(self) -> dict[str, Any]:
        return {
            "shard": self._node.shard,
            "incarnation": self._node.incarnation,
            "start": self._node.start_ns,
            "servers": self._pubsub.connections if self._pubsub else 0,
            "received": dict(self._node.counts),
        }


def _packed(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()


def _refusal(error: Exception) -> bytes:
    words = str(error) if isinstance(error, BadInput) else f"not a request: {error!r}"
    return _packed({"error": words})
