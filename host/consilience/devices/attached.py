"""The boards that are attached to this machine: those whose UART answers a HELLO."""

import logging
from collections.abc import Iterable

from consilience.devices.link_device import LinkDevice
from consilience.devices.linked import open_linked
from consilience.devices.ports import SerialPort, serial_ports
from consilience.errors import ConsilienceError, NoDevice

__all__ = ["attached_device", "attached_devices"]

_log = logging.getLogger("consilience.devices")


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
