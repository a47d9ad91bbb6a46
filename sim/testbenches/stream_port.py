"""The wires of one stream of the design under test, and what acts on them."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import cocotb
from cocotb.simtime import get_sim_time
from cocotb.task import Task

__all__ = ["CLOCK_NS", "StreamPort", "StreamTask", "cycle_now"]

CLOCK_NS = 10
"""Clock period of every testbench, in ns."""


class StreamPort(NamedTuple):
    """Handles of a stream: a transfer happens at a rising edge with `valid` and `ready` both 1.

    `payload` is one flat vector, the first field of its layout lowest.
    """

    name: str
    clk: Any
    valid: Any
    ready: Any
    payload: Any

    @classmethod
    def of(cls, dut: Any, name: str) -> "StreamPort":
        """Return the stream that Amaranth exports as ``name__valid``, ``name__ready``, ..."""
        return cls(
            name,
            dut.clk,
            *(getattr(dut, f"{name}__{wire}") for wire in ("valid", "ready", "payload")),
        )


class StreamTask(ABC):
    """A task at one stream, from each start to the next stop."""

    def __init__(self, port: StreamPort) -> None:
        self.port = port
        self._task: Task[None] | None = None

    def start(self) -> None:
        """Begin anew."""
        self._task = cocotb.start_soon(self._run())

    def stop(self) -> None:
        """Do nothing more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    @abstractmethod
    async def _run(self) -> None:
        """Act, cycle by cycle."""


def cycle_now() -> int:
    """Return the number of the present clock cycle."""
    return int(get_sim_time("ns")) // CLOCK_NS
