"""The testbench of `Engine`: requests and replies over the bytes of its link."""

from collections.abc import Iterable
from typing import Any

import cocotb
from checker import CheckFailed, InOrderChecker
from cocotb.triggers import Event, SimTimeoutError, with_timeout
from engine_model import EngineModel, Exchange
from link_frames import FrameParser
from stream_port import CLOCK_NS
from testbench import Testbench

from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.testing.link_oracle import Frame, encode_frame

__all__ = ["EngineTestbench", "built_config"]


def built_config() -> EngineConfig:
    """Return what was built, as the plusargs of this run say."""
    names = ("lanes", "hypotheses", "credits", "largest_payload")
    numbers: dict[str, Any] = {name: int(cocotb.plusargs[name]) for name in names}
    return EngineConfig(**numbers, weights=cocotb.plusargs["weights"] == "True")


class EngineTestbench(Testbench):
    """`Testbench` with a session: at most the device's credits are in flight.

    Parameters
    ----------
    dut : cocotb handle
        The exported `Engine`.
    gaps, stalls : float
        Of the driver and of the sink, byte by byte.

    Attributes
    ----------
    last_reply : Frame
        The last that came and was right; there must have been one.
    """

    def __init__(self, dut: Any, *, gaps: float = 0.0, stalls: float = 0.0) -> None:
        checker = InOrderChecker("reply")
        self.parser = FrameParser(self._take)
        super().__init__(dut, checker, observe=self.parser.take, gaps=gaps, stalls=stalls)
        self.config = built_config()
        self.model = EngineModel(self.config)
        self._last_reply: Frame | None = None
        self._answered = Event()

    async def reset(self, cycles: int = 2) -> None:
        """Reset the device and forget the session; the next nonce will be another."""
        self.model.reset()
        self.dut.gap.value = 0
        self.dut.entropy.value = self.choose.getrandbits(32)
        await super().reset(cycles)
        self.parser.reset()

    @property
    def last_reply(self) -> Frame:
        """The last reply."""
        assert self._last_reply is not None
        return self._last_reply

    async def open(self) -> None:
        """Reset, and open a session."""
        await self.start()
        await self.exchange([self.model.hello()])

    async def exchange(self, exchanges: Iterable[Exchange], *, max_cycles: int = 100_000) -> None:
        """Send requests, as many at a time as there are credits, and check all replies.

        Raises
        ------
        CheckFailed
            The watchdog's `max_cycles` are over, or the device ended inside a frame.
        """
        try:
            await with_timeout(self._send(exchanges), max_cycles * CLOCK_NS, "ns")
        except SimTimeoutError:
            raise CheckFailed(f"no further reply within {max_cycles} cycles") from None
        await self.run(max_cycles=max_cycles)
        if self.parser.inside:
            raise CheckFailed("the device stopped inside a frame")

    async def _send(self, exchanges: Iterable[Exchange]) -> None:
        for exchange in exchanges:
            while self.checker.pending >= self.config.credits:
                self._answered.clear()
                await self._answered.wait()
            self.checker.expect([exchange.reply])
            self.driver.send(encode_frame(exchange.request))

    def _take(self, reply: Frame) -> None:
        self.checker.observe(reply)
        self._last_reply = reply
        self._answered.set()
