"""Colorlight 5A-75B, revision 7.0: an LFE5U-25F behind the first of two Gigabit PHYs."""

from amaranth_boards.colorlight_5a75b_r7_0 import Colorlight_5A75B_R70Platform

from ..primitives.ecp5 import Ecp5Fabric
from ..primitives.pll_ecp5 import engine_clock_hz
from ..spec.engine_config import EngineConfig
from ..spec.link_map import BoardId
from .network_board import NetworkBoard

__all__ = ["BOARD"]

ENGINE_DIVIDER = 8


class ColorlightPlatform(Ecp5Fabric, Colorlight_5A75B_R70Platform):
    """The board's pins, and the ECP5 cells that the gateware uses directly."""


BOARD = NetworkBoard(
    name="colorlight_5a75b",
    config=EngineConfig(
        credits=8,
        board=BoardId.COLORLIGHT_5A_75B,
        clock_hz=engine_clock_hz(ENGINE_DIVIDER),
    ),
    platform=ColorlightPlatform,
    engine_divider=ENGINE_DIVIDER,
    # What LiteX uses on this board: its PHY, a B50612D, delays the clock of one direction.
    receive_delay_ps=2000,
    transmit_degrees=0,
    link_led=("led", 0),  # its only one
)
