"""Serial ports: which board may be behind each, and those whose UART answers a HELLO."""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from serial.tools import list_ports  # type: ignore[import-untyped]

from consilience.devices.link_device import LinkDevice
from consilience.devices.linked import open_linked
from consilience.devices.serial_port import BAUD
from consilience.devices.usb_bridges import FT2232H, USB_BOARDS, UsbBoard
from consilience.errors import ConsilienceError, NoDevice

__all__ = ["SerialPort", "attached_device", "attached_devices", "likely_boards", "serial_ports"]

_log = logging.getLogger("consilience.devices")


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


def attached_devices(ports: Iterable[SerialPort] | None = None) -> list[LinkDevice]:
    """Open every attached board.

    Only ports with the USB bridge of a known board get a HELLO: other ports may belong to machines
    that do not expect one.

    Parameters
    ----------
    ports : iterable of SerialPort, optional
        The ports to try; None takes this machine's.
    """
    found = []
    for port in serial_ports() if ports is None else ports:
        if not port.boards:
            continue
        try:
            found.append(open_linked(port.url))
        except ConsilienceError as error:
            # A board without its gateware, or another device with such a bridge.
            _log.info("%s", error)
    return found


def attached_device(ports: Iterable[SerialPort] | None = None) -> LinkDevice | None:
    """Open the only attached board; None if there is none.

    Raises
    ------
    NoDevice
        There are several; the message lists them.
    """
    devices = attached_devices(ports)
    if len(devices) <= 1:
        return devices[0] if devices else None
    names = []
    for device in devices:
        info = device.info
        names.append(f"{info.url} ({info.board})")
        device.close()
    raise NoDevice(f"several devices answer: {', '.join(names)}; choose one with --device URL")
