"""The wires of one stream of the design under test."""

from typing import Any, NamedTuple

from cocotb.simtime import get_sim_time

__all__ = ["CLOCK_NS", "StreamPort", "cycle_now"]

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


def cycle_now() -> int:
    """Return the number of the present clock cycle."""
    return int(get_sim_time("ns")) // CLOCK_NS
