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
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from consilience.distributed.batching_loop import BatchingLoop
from consilience.distributed.multi_site_pubsub import MultiSitePubsub
from consilience.distributed.reads.gossip import Gossip
from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.reads.shard_state import Report
from consilience.errors import BadInput

__all__ = ["ReadDaemon", "check_socket"]

_TURNS_APART_S = 0.1
_SWITCH_S = 0.001
_LONGEST_PATH = 100
_DEPARTURES = ConnectionError, ValueError, asyncio.CancelledError


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
    """

    def __init__(self, node: ReadNode, urls: Sequence[str], period_s: float, socket: Path) -> None:
        self._node, self._urls, self._period_s, self._socket = node, urls, period_s, socket
        self._pubsub: MultiSitePubsub | None = None
        self._network = BatchingLoop(_TURNS_APART_S)
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
            server = await asyncio.start_unix_server(self._serve, self._socket)
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
        self._pubsub = MultiSitePubsub(self._urls, greeting=gossip.greeting)
        running = asyncio.create_task(gossip.run(self._pubsub))
        running.add_done_callback(lambda _: self._leaving.set())
        await self._leaving.wait()
        running.cancel()
        await self._pubsub.close()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that leaves in the middle, or whose line has no end, is not answered.
        with contextlib.closing(writer), contextlib.suppress(*_DEPARTURES):
            async for line in reader:
                answer = json.dumps(await self._answer(line), separators=(",", ":"))
                writer.write(answer.encode() + b"\n")
                await writer.drain()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            if request["op"] == "read":
                return self._node.read().as_dict()
            if request["op"] == "report":
                return await self._accept(request)
            if request["op"] == "status":
                return self._status()
            raise BadInput("op is read, report or status")
        except BadInput as error:
            return {"error": str(error)}
        except (ValueError, KeyError, TypeError, RecursionError, struct.error) as error:
            return {"error": f"not a request: {error!r}"}

    async def _accept(self, request: dict[str, Any]) -> dict[str, Any]:
        report = Report(request["reporter"], request["ratio"])
        accept = asyncio.get_running_loop().run_in_executor(
            self._producer, self._node.accept, request["seq"], report
        )
        try:
            done = await accept
        except OSError as error:
            self._end(accept)  # no one knows how much of the report is on the disk
            return {"error": str(error)}
        return {"fresh": done.fresh, "version": done.version, "at": done.at_ns}

    def _status(self) -> dict[str, Any]:
        return {
            "shard": self._node.shard,
            "incarnation": self._node.incarnation,
            "start": self._node.start_ns,
            "servers": self._pubsub.connections if self._pubsub else 0,
            "received": dict(self._node.counts),
        }
