"""Records what passes on a stream and checks that the stream keeps its rules."""

from collections.abc import Callable
from typing import NamedTuple

from checker import CheckFailed
from cocotb.triggers import RisingEdge
from stream_port import StreamPort, StreamTask, cycle_now

__all__ = ["StreamMonitor", "Transfer"]


class Transfer(NamedTuple):
    """One payload that passed.

    Parameters
    ----------
    payload : int
        The bit vector.
    offered, taken : int
        Cycle in which it was first valid, and in which it passed.
    """

    payload: int
    offered: int
    taken: int


class StreamMonitor(StreamTask):
    """Watches one stream, an input or an output of the design, without driving anything.

    Rules: ``valid`` and ``ready`` are 0 or 1, a valid payload has no unknown bit, and a payload
    once offered stays, unchanged, until it is taken.

    Parameters
    ----------
    port : StreamPort
        The stream.
    observe : callable, optional
        Called with each `Transfer`, in order.

    Raises
    ------
    CheckFailed
        From the watching task, and so from the test: a rule is broken.
    """

    def __init__(self, port: StreamPort, observe: Callable[[Transfer], None] | None = None) -> None:
        super().__init__(port)
        self.transfers: list[Transfer] = []
        self.observe = observe

    def start(self) -> None:
        """Begin to watch, with no transfer recorded."""
        self.transfers.clear()
        super().start()

    async def _run(self) -> None:
        port = self.port
        edge = RisingEdge(port.clk)
        held: int | None = None
        offered = 0
        while True:
            await edge
            valid, ready = port.valid.value, port.ready.value
            if not (valid.is_resolvable and ready.is_resolvable):
                self._broken(f"valid is {valid}, ready is {ready}")
            if valid == 0:
                if held is not None:
                    self._broken(f"the offered payload {held:#x} was withdrawn")
                continue
            bits = port.payload.value
            if not bits.is_resolvable:
                self._broken(f"a valid payload has unknown bits: {bits}")
            payload = bits.to_unsigned()
            if held is None:
                offered = cycle_now()
            elif payload != held:
                self._broken(f"the offered payload {held:#x} became {payload:#x}")
            held = payload
            if ready == 1:
                transfer = Transfer(payload, offered, cycle_now())
                held = None
                self.transfers.append(transfer)
                if self.observe is not None:
                    self.observe(transfer)

    def _broken(self, what: str) -> None:
        raise CheckFailed(f"stream {self.port.name}, cycle {cycle_now()}: {what}")
