"""ECPIX-5 with an LFE5UM5G-85F, and a Gigabit PHY."""

from amaranth_boards.ecpix5 import ECPIX585Platform

from ..primitives.ecp5 import Ecp5Fabric
from ..primitives.pll_ecp5 import engine_clock_hz
from ..spec.engine_config import EngineConfig
from ..spec.link_map import BoardId
from .network_board import NetworkBoard

__all__ = ["BOARD"]

ENGINE_DIVIDER = 5


class Ecpix5Platform(Ecp5Fabric, ECPIX585Platform):
    """The board's pins, and the ECP5 cells that the gateware uses directly."""


BOARD = NetworkBoard(
    name="ecpix5",
    config=EngineConfig(
        credits=32,
        largest_payload=1408,
        board=BoardId.ECPIX_5_85F,
        clock_hz=engine_clock_hz(ENGINE_DIVIDER),
    ),
    platform=Ecpix5Platform,
    engine_divider=ENGINE_DIVIDER,
    # What LiteX uses on this board: its PHY, a KSZ9031, delays the clock that it sends, and wants
    # the clock that it gets to be late.
    receive_delay_ps=0,
    transmit_degrees=90,
    link_led=("rgb_led", 0, "g"),
    error_led=("rgb_led", 1, "r"),
)
