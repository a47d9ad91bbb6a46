"""The two ends that a testbench gives a stream: the source before it and the sink behind it."""

from collections import deque
from collections.abc import Iterable
from random import Random

from cocotb.triggers import RisingEdge
from stream_port import StreamPort, StreamTask

__all__ = ["StreamDriver", "StreamSink"]


class StreamDriver(StreamTask):
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
        super().__init__(port)
        self.seed = seed
        self.gaps = gaps
        self._queue: deque[int] = deque()

    def send(self, payloads: Iterable[int]) -> None:
        """Queue payloads, as bit vectors."""
        self._queue.extend(payloads)

    @property
    def waiting(self) -> int:
        """Payloads that have not been taken."""
        return len(self._queue)

    def start(self) -> None:
        """Begin with an empty queue."""
        self._queue.clear()
        super().start()

    def stop(self) -> None:
        """Offer nothing from now on, not even what is queued: only while the design is reset."""
        super().stop()
        self.port.valid.value = 0

    async def _run(self) -> None:
        port, queue, choose = self.port, self._queue, Random(self.seed)
        edge = RisingEdge(port.clk)
        bits = len(port.payload)
        offered = False
        while True:
            await edge
            if offered and port.ready.value == 1:
                queue.popleft()
                offered = False
            if not offered:
                offered = bool(queue) and choose.random() >= self.gaps
                port.valid.value = int(offered)
                port.payload.value = queue[0] if offered else choose.getrandbits(bits)


class StreamSink(StreamTask):
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
        super().__init__(port)
        self.seed = seed
        self.stalls = stalls

    def stop(self) -> None:
        """Take nothing from now on."""
        super().stop()
        self.port.ready.value = 0

    async def _run(self) -> None:
        choose = Random(self.seed)
        edge = RisingEdge(self.port.clk)
        while True:
            self.port.ready.value = int(choose.random() >= self.stalls)
            await edge
