"""The two ends that a testbench gives a stream: the source before it and the sink behind it."""

from collections import deque
from collections.abc import Iterable
from random import Random

import cocotb
from cocotb.task import Task
from cocotb.triggers import Event, RisingEdge
from stream_port import StreamPort

__all__ = ["StreamDriver", "StreamSink"]


class StreamDriver:
    """Offers queued payloads in order; garbage, different in each cycle, while it offers none.

    An offer stays until it is taken, as the rules of a stream demand.

    Parameters
    ----------
    port : StreamPort
        An input of the design.
    seed : int
        Of the gaps and the garbage; each start repeats them.
    gaps : float
        Probability, each cycle, that the next offer waits.
    """

    def __init__(self, port: StreamPort, seed: int, gaps: float = 0.0) -> None:
        self.port = port
        self.seed = seed
        self.gaps = gaps
        self._queue: deque[int] = deque()
        self._empty = Event()
        self._task: Task[None] | None = None

    def send(self, payloads: Iterable[int]) -> None:
        """Queue payloads, as bit vectors."""
        self._queue.extend(payloads)
        if self._queue:
            self._empty.clear()

    @property
    def waiting(self) -> int:
        """Payloads that have not been taken."""
        return len(self._queue)

    async def drained(self) -> None:
        """Wait until the design has taken everything."""
        await self._empty.wait()

    def start(self) -> None:
        """Begin with an empty queue."""
        self._queue.clear()
        self._empty.set()
        self._task = cocotb.start_soon(self._drive())

    def stop(self) -> None:
        """Offer nothing from now on, not even what is queued: only while the design is reset."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.port.valid.value = 0

    async def _drive(self) -> None:
        port, queue, choose = self.port, self._queue, Random(self.seed)
        edge = RisingEdge(port.clk)
        bits = len(port.payload)
        offered = False
        while True:
            await edge
            if offered and port.ready.value == 1:
                queue.popleft()
                offered = False
                if not queue:
                    self._empty.set()
            if not offered:
                offered = bool(queue) and choose.random() >= self.gaps
                port.valid.value = int(offered)
                port.payload.value = queue[0] if offered else choose.getrandbits(bits)


class StreamSink:
    """Back-pressure: drives ``ready`` without regard to ``valid``.

    Parameters
    ----------
    port : StreamPort
        An output of the design.
    seed : int
        Of the stalls; each start repeats them.
    stalls : float
        Probability, each cycle, that nothing is taken; 1 keeps the sink closed.
    """

    def __init__(self, port: StreamPort, seed: int, stalls: float = 0.0) -> None:
        self.port = port
        self.seed = seed
        self.stalls = stalls
        self._task: Task[None] | None = None

    def start(self) -> None:
        """Begin to take."""
        self._task = cocotb.start_soon(self._take())

    def stop(self) -> None:
        """Take nothing from now on."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.port.ready.value = 0

    async def _take(self) -> None:
        choose = Random(self.seed)
        edge = RisingEdge(self.port.clk)
        while True:
            self.port.ready.value = int(choose.random() >= self.stalls)
            await edge
