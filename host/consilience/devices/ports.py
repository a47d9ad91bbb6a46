"""Serial ports: which board may be behind each, and whether this user may open it."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from serial.tools import list_ports  # type: ignore[import-untyped]

from consilience.devices.serial_port import BAUD
from consilience.devices.usb_bridges import FT2232H, USB_BOARDS, UsbBoard

__all__ = ["SerialPort", "likely_boards", "serial_ports"]


@dataclass(frozen=True)
class SerialPort:
    """A serial port of this machine.

    Parameters
    ----------
    device : str
        Its device file, or COM port.
    description : str
        The bridge's description of itself.
    usb : tuple of (int, int) or None
        Vendor and product id.
    serial_number : str or None
    interface : int or None
        Number of the USB interface; None where the system does not report it.
    may_open : bool
        Whether this user may read and write it.
    """

    device: str
    description: str
    usb: tuple[int, int] | None
    serial_number: str | None
    interface: int | None
    may_open: bool

    @property
    def url(self) -> str:
        """URL of a device behind it."""
        return f"serial://{self.device}?baud={BAUD}"

    @property
    def is_programmer(self) -> bool:
        """Whether this is the programmer's port of an FT2232H."""
        return self.usb == FT2232H and self.interface == 0

    @property
    def boards(self) -> tuple[UsbBoard, ...]:
        """The boards that this may be: a guess by the bridge's identity, HELLO alone is certain."""
        return () if self.is_programmer else likely_boards(self.usb, self.description)

    @property
    def guess(self) -> str:
        """The guess in words."""
        if self.is_programmer:
            return "programmer's port of an FT2232H"
        return " or ".join(board.title for board in self.boards)


def likely_boards(usb: tuple[int, int] | None, description: str) -> tuple[UsbBoard, ...]:
    """Return the boards with such a bridge: only those that the description names, if any."""
    same = tuple(board for board in USB_BOARDS if board.usb == usb)
    words = description.lower()
    named = tuple(board for board in same if any(word in words for word in board.words))
    return named or same


def serial_ports(found: Iterable[Any] | None = None) -> list[SerialPort]:
    """Return this machine's serial ports, by name.

    Parameters
    ----------
    found : iterable of pyserial's ListPortInfo, optional
        The ports; None asks the system.
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
