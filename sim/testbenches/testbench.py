"""Clock, reset, driver, sink, monitors, checker and watchdog of a design with streams i and o."""

import warnings
from collections.abc import Iterable
from random import Random
from typing import Any, ClassVar, Self

import cocotb
from checker import CheckFailed, InOrderChecker
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, SimTimeoutError, Timer, with_timeout
from stream_driver import StreamDriver, StreamSink
from stream_monitor import StreamMonitor, Transfer
from stream_port import CLOCK_NS, StreamPort, cycle_now

__all__ = ["Testbench"]

# A deprecated call in a testbench fails its test: pytest's own setting does not reach here.
warnings.simplefilter("error", DeprecationWarning)

_LOOK_CYCLES = 10
"""Cycles between two looks at whether all is taken and all has come."""


class Testbench:
    """A design with an input stream ``i`` and an output stream ``o``, ready to be tested.

    State survives between the tests of one run, so each test makes its own bench and resets.

    Parameters
    ----------
    dut : cocotb handle
        The top: ``clk``, ``rst``, streams ``i`` and ``o``.
    gaps, stalls : float
        Of the driver and of the sink.

    Attributes
    ----------
    output : str
        What one output is, for messages.
    checker : InOrderChecker
        Judges the outputs.
    origin : int
        Cycle in which the last reset ended.
    """

    __test__ = False  # pytest must not collect it
    output: ClassVar[str]

    def __init__(self, dut: Any, *, gaps: float = 0.0, stalls: float = 0.0) -> None:
        self.dut = dut
        self.checker = InOrderChecker(self.output)
        self.choose = Random(cocotb.RANDOM_SEED)
        self.origin = 0
        source, sink = StreamPort.of(dut, "i"), StreamPort.of(dut, "o")
        self.driver = StreamDriver(source, self.choose.getrandbits(64), gaps)
        self.sink = StreamSink(sink, self.choose.getrandbits(64), stalls)
        self.inputs = StreamMonitor(source, self.observe_input)
        self.outputs = StreamMonitor(sink, self.observe)
        self._tasks = (self.inputs, self.outputs, self.driver, self.sink)

    @classmethod
    async def started(cls, dut: Any, *, gaps: float = 0.0, stalls: float = 0.0) -> Self:
        """Return the bench of a design after its reset: the first thing every test does."""
        bench = cls(dut, gaps=gaps, stalls=stalls)
        Clock(dut.clk, CLOCK_NS, unit="ns").start(start_high=False)
        await bench.reset()
        return bench

    def observe_input(self, transfer: Transfer) -> None:
        """Take an input, for coverage."""

    def observe(self, transfer: Transfer) -> None:
        """Take an output and have it checked."""
        self.checker.observe(transfer)

    async def reset(self, cycles: int = 2) -> None:
        """Reset the design, now, and forget what is queued and expected.

        Gaps and stalls begin anew, the same as after the reset before.
        """
        for task in self._tasks:
            task.stop()
        self.checker.flush()
        self.dut.rst.value = 1
        await self.cycles(cycles)
        self.dut.rst.value = 0
        for task in self._tasks:
            task.start()
        self.origin = cycle_now()

    async def cycles(self, count: int) -> None:
        """Wait so many clock cycles."""
        await ClockCycles(self.dut.clk, count)

    async def run(
        self, payloads: Iterable[int] = (), *, max_cycles: int = 20_000, after: int = 100
    ) -> None:
        """Send payloads and wait until all is taken and every expected output has come.

        Then go on for `after` cycles, in which nothing more may come.

        Raises
        ------
        CheckFailed
            The watchdog's `max_cycles` are over.
        """
        self.driver.send(payloads)
        try:
            await with_timeout(self._done(), max_cycles * CLOCK_NS, "ns")
        except SimTimeoutError:
            raise CheckFailed(
                f"no end after {max_cycles} cycles: {self.driver.waiting} payloads were not "
                f"taken, {self.checker.checked} outputs were right so far"
            ) from None
        await self.cycles(after)
        self.checker.finish()

    async def _done(self) -> None:
        while self.driver.waiting or self.checker.pending:
            await Timer(_LOOK_CYCLES * CLOCK_NS, "ns")
