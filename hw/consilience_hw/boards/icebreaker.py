"""iCEBreaker: an iCE40UP5K, a UART through the FT2232H's second channel."""

from amaranth_boards.icebreaker import ICEBreakerPlatform

from ..spec.engine_config import EngineConfig
from ..spec.link_map import BoardId
from .board import BoardDesign

__all__ = ["BOARD"]

BOARD = BoardDesign(
    name="icebreaker",
    # The part has room for log sums only, one packet at a time, and for fragments of half a
    # kilobyte. The serial unit takes longer for the shortest records than the UART does: two
    # requests in flight, as many as the frame buffers hold, are enough.
    config=EngineConfig(
        lanes=1,
        hypotheses=0,
        weights=False,
        serial=True,
        credits=2,
        largest_payload=512,
        board=BoardId.ICEBREAKER,
        clock_hz=12_000_000,
    ),
    platform=ICEBreakerPlatform,
    link_led=("led_g", 0),
    error_led=("led_r", 0),
)
