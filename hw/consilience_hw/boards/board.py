"""What is known of a board."""

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
        As on the command line.
    title : str
        As people call it.
    config : EngineConfig
        The engine that it holds. ``config.clock_hz`` is the board's own oscillator: a UART brings a
        code in four byte times, which no clock from a PLL would make shorter.
    platform : callable
        A new Amaranth platform, with pins from amaranth-boards.
    baud : int
        Of the UART, both ways.
    link_led, error_led : tuple of (str, int)
        Resources: lit for a while after each byte sent; after each byte or frame lost.
    """

    name: str
    title: str
    config: EngineConfig
    platform: Callable[[], Any]
    baud: int = 3_000_000
    link_led: tuple[str, int] = ("led", 0)
    error_led: tuple[str, int] = ("led", 1)
