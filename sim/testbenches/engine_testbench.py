"""The testbench of `Engine`: requests and replies over the bytes of its link."""

from collections.abc import Iterable
from typing import Any, Self

import cocotb
from checker import CheckFailed
from cocotb.triggers import Event, SimTimeoutError, with_timeout
from engine_coverage import EngineCoverage
from engine_model import EngineModel, Exchange
from stream_monitor import Transfer
from stream_port import CLOCK_NS
from testbench import Testbench

from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.testing.link_oracle import (
    Frame,
    WrongCrc,
    WrongFraming,
    encode_frame,
    frame_of,
)

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
    replies : list of Frame
        Those that came and were right.
    """

    output = "reply"

    def __init__(self, dut: Any, *, gaps: float = 0.0, stalls: float = 0.0) -> None:
        super().__init__(dut, gaps=gaps, stalls=stalls)
        self.config = built_config()
        self.model = EngineModel(self.config)
        self.coverage = EngineCoverage(self.config)
        self.replies: list[Frame] = []
        self._frame = bytearray()
        self._answered = Event()

    async def reset(self, cycles: int = 2) -> None:
        """Reset the device and forget the session; the next nonce will be another."""
        self.coverage.reset()
        self.model.reset()
        self.dut.gap.value = 0
        self.dut.entropy.value = self.choose.getrandbits(32)
        await super().reset(cycles)
        # A frame that the reset has cut off.
        self._frame.clear()

    @classmethod
    async def opened(cls, dut: Any, *, gaps: float = 0.0, stalls: float = 0.0) -> Self:
        """Return the bench of a device after its reset, with an open session."""
        bench = await cls.started(dut, gaps=gaps, stalls=stalls)
        await bench.exchange([bench.model.hello()])
        return bench

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
        if self._frame:
            raise CheckFailed("the device stopped inside a frame")

    async def _send(self, exchanges: Iterable[Exchange]) -> None:
        for exchange in exchanges:
            while self.checker.pending >= self.config.credits:
                self._answered.clear()
                await self._answered.wait()
            self.checker.expect([exchange.reply])
            self.driver.send(encode_frame(exchange.request))

    def observe_input(self, transfer: Transfer) -> None:
        """Count a byte of the host."""
        self.coverage.taken(transfer)

    def observe(self, transfer: Transfer) -> None:
        """Take the next byte of the device; if it ends a frame, have the reply checked.

        Raises
        ------
        CheckFailed
            The frame is broken, or the reply is wrong.
        """
        self.coverage.given(transfer)
        if transfer.payload:
            self._frame.append(transfer.payload)
            return
        encoded = bytes(self._frame)
        self._frame.clear()
        try:
            reply = frame_of(encoded)
        except (WrongFraming, WrongCrc) as error:
            raise CheckFailed(f"a broken frame of the device: {error}: {encoded.hex()}") from None
        if len(reply.payload) % 4:
            raise CheckFailed(f"a frame of the device has no whole words: {encoded.hex()}")
        self.checker.observe(reply)
        self.coverage.reply(reply)
        self.replies.append(reply)
        self._answered.set()
