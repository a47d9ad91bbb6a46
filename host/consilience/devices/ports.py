"""Serial ports: what may be behind them, and whether this user may open them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from serial.tools import list_ports  # type: ignore[import-untyped]

from consilience_tools.boards.catalogue import BOARDS, KnownBoard

__all__ = ["SerialPort", "likely_boards", "serial_ports"]

_TWO_PORTS = (0x0403, 0x6010)
"""An FT2232H: its first port is the programmer's, its second the UART."""


@dataclass(frozen=True)
class SerialPort:
    """A serial port of this machine.

    Parameters
    ----------
    device : str
        Its device file, or COM port.
    description : str
        What it calls itself.
    usb : tuple of (int, int) or None
        Vendor and product id.
    serial_number : str or None
    interface : int or None
        Number of the USB interface, where the system tells.
    may_open : bool
        This user may read and write it.
    """

    device: str
    description: str
    usb: tuple[int, int] | None
    serial_number: str | None
    interface: int | None
    may_open: bool

    @property
    def boards(self) -> tuple[KnownBoard, ...]:
        """The boards that this may be: a guess by the bridge's identity, HELLO alone is certain."""
        if self.usb == _TWO_PORTS and self.interface == 0:
            return ()
        return likely_boards(self.usb, self.description)

    @property
    def guess(self) -> str:
        """The same in words."""
        if self.usb == _TWO_PORTS and self.interface == 0:
            return "programmer's port of an FT2232H"
        return " or ".join(board.title for board in self.boards)


def likely_boards(usb: tuple[int, int] | None, description: str) -> tuple[KnownBoard, ...]:
    """Return the boards with such a bridge; those whose words it says alone, if it says any."""
    same = tuple(board for board in BOARDS if board.usb == usb)
    told = description.lower()
    named = tuple(board for board in same if any(word in told for word in board.usb_words))
    return named or same


def serial_ports(found: Iterable[Any] | None = None) -> list[SerialPort]:
    """Return this machine's serial ports, by name.

    Parameters
    ----------
    found : iterable of pyserial's ListPortInfo, optional
        What there is; None asks the system.
    """
    infos = list_ports.comports() if found is None else found
    return sorted((_port(info) for info in infos), key=lambda port: port.device)


def _port(info: Any) -> SerialPort:
    words = dict.fromkeys(filter(None, (info.manufacturer, info.product, info.description)))
    usb = None if info.vid is None or info.pid is None else (int(info.vid), int(info.pid))
    return SerialPort(
        device=str(info.device),
        description=", ".join(word for word in words if word != "n/a"),
        usb=usb,
        serial_number=info.serial_number,
        interface=_interface(info.location),
        may_open=os.access(info.device, os.R_OK | os.W_OK) if os.name == "posix" else True,
    )


def _interface(location: str | None) -> int | None:
    """Return the interface of a place such as ``1-2:1.1``."""
    _, colon, where = (location or "").rpartition(":")
    number = where.rpartition(".")[2]
    return int(number) if colon and number.isdecimal() else None
