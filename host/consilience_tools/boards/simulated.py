"""Bitstreams, and routed netlists, as simulated boards behind a serial port."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from consilience.devices.sim import build_errors_told
from consilience.errors import ToolMissing
from consilience_sim.bitstreams import PinSimulation
from consilience_sim.bitstreams.ecp5 import ecp5_netlist
from consilience_sim.bitstreams.ice40 import IcestormMissing, ice40_bitstream
from consilience_sim.bitstreams.terminal import PinTerminal
from consilience_sim.compiled.design import Design
from consilience_tools.boards.building import BuiltBoard, build_board
from consilience_tools.boards.catalogue import board_named
from consilience_tools.place_and_route.tools import Working

__all__ = ["BOARDS", "SimulatedBoard", "design_of", "simulated_board"]

BOARDS = {
    "icebreaker": "bitstream, read back by icebox_vlog",
    "ulx3s": "netlist after routing",
}
REPLY_TIMEOUT = 120.0
"""Seconds: a simulated board is some hundred times slower than a real one."""
SETTLING = 2_000
"""Cycles after power-up: the reset, and a gap on the line."""


@dataclass(frozen=True)
class SimulatedBoard:
    """A board.

    Parameters
    ----------
    built : BuiltBoard
    simulation : PinSimulation
    terminal : PinTerminal
    """

    built: BuiltBoard
    simulation: PinSimulation
    terminal: PinTerminal

    unit = "bytes"
    whole = "every byte from the board has a start and a stop bit"

    @property
    def traffic(self) -> tuple[int, int]:
        """Bytes to the board and from it."""
        return self.terminal.sent, self.terminal.received

    @property
    def broken(self) -> int:
        """Bytes from the board without a start or stop bit."""
        return self.simulation.framing_errors

    @property
    def cycles(self) -> int:
        """Cycles of its clock."""
        return self.simulation.cycles

    @property
    def url(self) -> str:
        """Where the driver finds it."""
        baud = self.built.manifest["baud"]
        return f"serial://{self.terminal.path}?baud={baud}&timeout={REPLY_TIMEOUT}"


@contextmanager
def simulated_board(name: str, working: Working) -> Iterator[SimulatedBoard]:
    """Build a board, or take it from the cache, simulate what was built, and power it up.

    Raises
    ------
    ToolMissing
        A tool that builds the board, reads it back or compiles it; the message names the cure.
    ConsilienceError
        One of them failed.
    """
    built = build_board(board_named(name), {}, working)
    manifest = built.manifest
    with working(f"{name}: {BOARDS[name]}, to native code"), build_errors_told():
        simulation = PinSimulation(
            design_of(built), name=name, clock_hz=manifest["clock_hz"], baud=manifest["baud"]
        )
    with simulation:
        simulation.run(SETTLING)
        with PinTerminal(simulation) as terminal:
            yield SimulatedBoard(built, simulation, terminal)


def design_of(built: BuiltBoard) -> Design:
    """Return what was built, as a design with clock and UART.

    Raises
    ------
    ToolMissing
        Project IceStorm, which reads the bits of an iCE40.
    """
    pins = built.pins.read_text()
    clock = re.search(r"\bclk\d+_0__io\b", pins)
    assert clock is not None
    ports = {"clk": clock[0], "rx": "uart_0__rx__io", "tx": "uart_0__tx__io"}
    if built.post_route is not None:
        return ecp5_netlist(built.post_route.read_text(), top="top", **ports)
    try:
        return ice40_bitstream(built.bitstream.read_bytes(), pins, **ports)
    except IcestormMissing as error:
        raise ToolMissing(str(error)) from error
