"""The record of a design for a board with a Gigabit PHY."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..spec.engine_config import EngineConfig
from ..spec.network import NetworkAddress

__all__ = ["Led", "NetworkBoard"]

Led = tuple[str, int] | tuple[str, int, str]
"""Name and number of a resource, and of its part where it has several."""


@dataclass(frozen=True)
class NetworkBoard:
    """A board with an ECP5 on which an engine runs behind a Gigabit PHY.

    Parameters
    ----------
    name : str
        Name on the command line.
    config : EngineConfig
        The engine on the board; `clock_hz` follows from `engine_divider`.
    platform : callable
        Returns a new Amaranth platform, with pins from amaranth-boards.
    engine_divider : int
        See `PllEcp5`.
    receive_delay_ps : int
        Delay of what the PHY sends, against its clock.
    transmit_degrees : int
        By which the clock to the PHY is late: 90 are 2 ns; 0 if the PHY delays it itself.
    link_led : Led
        Lit for a while after each datagram for the engine.
    error_led : Led or None
        Lit for a while after each frame that was damaged or found no room.
    phy : tuple of (str, int)
        Resource of the PHY.
    address : NetworkAddress
    """

    name: str
    config: EngineConfig
    platform: Callable[[], Any]
    engine_divider: int
    receive_delay_ps: int
    transmit_degrees: int
    link_led: Led
    error_led: Led | None = None
    phy: tuple[str, int] = ("eth_rgmii", 0)
    address: NetworkAddress = field(default_factory=NetworkAddress)

    @property
    def link(self) -> dict[str, Any]:
        """Where a driver finds it, for the manifest."""
        address = self.address
        return {"network": {"ip": address.ip, "port": address.port, "mac": address.mac}}
