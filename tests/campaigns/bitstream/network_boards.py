"""Routed netlists of network boards as simulated boards behind a TAP interface."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from consilience.errors import ConsilienceError
from consilience_sim.bitstreams.ecp5_network import ecp5_network_netlist
from consilience_sim.ethernet.ethernet_simulation import EthernetSimulation
from consilience_sim.ethernet.tap_bridge import TapBridge
from consilience_sim.ethernet.tap_interface import TapInterface, TapRefused
from consilience_tools.boards.building import BuiltBoard, build_board
from consilience_tools.boards.catalogue import board_named
from consilience_tools.place_and_route.tools import Working

__all__ = ["NETWORK_BOARDS", "NetworkedBoard", "networked_board"]

NETWORK_BOARDS = {
    "colorlight_5a75b": "netlist after routing, at the pins of its PHY",
    "ecpix5": "netlist after routing, at the pins of its PHY",
}
REPLY_TIMEOUT = 20.0
"""Seconds: a simulated board is some thousand times slower than a real one."""
HOST = "10.77.0.1/24"
_NEW_NET = 0x40000000


@dataclass(frozen=True)
class NetworkedBoard:
    """A board.

    Parameters
    ----------
    built : BuiltBoard
    simulation : EthernetSimulation
    bridge : TapBridge
    """

    built: BuiltBoard
    simulation: EthernetSimulation
    bridge: TapBridge

    unit = "frames"
    whole = "every frame from the board has a preamble and a right frame check sequence"

    @property
    def url(self) -> str:
        """Where the driver finds it."""
        where = self.built.manifest["network"]
        return f"udp://{where['ip']}:{where['port']}?timeout={REPLY_TIMEOUT}"

    @property
    def traffic(self) -> tuple[int, int]:
        """Frames to the board and from it."""
        return self.bridge.received, self.bridge.sent

    @property
    def broken(self) -> int:
        """Broken frames from the board: the first ends the bridge, and the test."""
        return 0

    @property
    def cycles(self) -> int:
        """Cycles of the engine."""
        return self.simulation.cycles


@contextmanager
def networked_board(name: str, working: Working) -> Iterator[NetworkedBoard]:
    """Build a board, simulate what was built, power it up, and put it on a TAP interface.

    The process gets a network namespace of its own, for good: nothing else is in it.

    Raises
    ------
    ConsilienceError
        There may be no namespace or no TAP interface.
    """
    built = build_board(board_named(name), {}, working)
    assert built.post_route is not None
    with working(f"{name}: {NETWORK_BOARDS[name]}, to native code"):
        design = ecp5_network_netlist(built.post_route.read_text(), top="top")
        simulation = EthernetSimulation(design, name, clock_hz=built.manifest["clock_hz"])
    try:
        _unshare()
        with (
            simulation,
            TapInterface("tap0", HOST) as interface,
            TapBridge(simulation, interface) as bridge,
        ):
            yield NetworkedBoard(built, simulation, bridge)
    except TapRefused as error:
        raise ConsilienceError(f"needs root and /dev/net/tun: {error}") from error


@cache
def _unshare() -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NET) != 0:
        raise TapRefused(f"namespaces: {os.strerror(ctypes.get_errno())}")
