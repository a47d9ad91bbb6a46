"""The record of a board's design: its engine, pins and UART."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..spec.engine_config import EngineConfig

__all__ = ["BoardDesign"]


@dataclass(frozen=True)
class BoardDesign:
    """A board on which an engine runs behind a UART.

    Parameters
    ----------
    name : str
        Name on the command line.
    config : EngineConfig
        The engine on the board. ``config.clock_hz`` is the board's own oscillator: over a UART a
        code takes four byte times, which a faster clock from a PLL would not shorten.
    platform : callable
        Returns a new Amaranth platform, with pins from amaranth-boards.
    baud : int
        Baud rate of the UART, both ways.
    link_led, error_led : tuple of (str, int)
        Resources of two LEDs: lit for a while after each byte sent, and after each byte or frame
        lost.
    """

    name: str
    config: EngineConfig
    platform: Callable[[], Any]
    baud: int = 3_000_000
    link_led: tuple[str, int] = ("led", 0)
    error_led: tuple[str, int] = ("led", 1)

    @property
    def link(self) -> dict[str, Any]:
        """How a driver speaks to it, for the manifest."""
        return {"baud": self.baud}
