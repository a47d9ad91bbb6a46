"""ULX3S with an LFE5U-85F: a UART through the FT231X."""

from amaranth_boards.ulx3s import ULX3S_85F_Platform

from ..primitives.ecp5 import Ecp5Fabric
from ..spec.engine_config import EngineConfig
from ..spec.link_map import BoardId
from .board import BoardDesign

__all__ = ["BOARD"]


class Ulx3sPlatform(Ecp5Fabric, ULX3S_85F_Platform):
    """The board's pins, and the ECP5 cells that the gateware uses directly."""


BOARD = BoardDesign(
    name="ulx3s",
    config=EngineConfig(board=BoardId.ULX3S_85F, clock_hz=25_000_000),
    platform=Ulx3sPlatform,
)
