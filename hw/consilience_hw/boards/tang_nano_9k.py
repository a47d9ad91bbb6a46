"""Tang Nano 9K: a Gowin GW1NR-9C, a UART through the BL702."""

from amaranth_boards.tang_nano_9k import TangNano9kPlatform

from ..spec.engine_config import EngineConfig
from ..spec.link_map import BoardId
from .board import BoardDesign

__all__ = ["BOARD"]

BOARD = BoardDesign(
    name="tangnano9k",
    # Log sums only, one packet at a time: posteriors would need more cells than the part has.
    config=EngineConfig(
        hypotheses=0, weights=False, serial=True, board=BoardId.TANG_NANO_9K, clock_hz=27_000_000
    ),
    platform=lambda: TangNano9kPlatform(toolchain="Apicula"),
)
