"""URLs of devices, and opening what they name.

Each kind is imported when it is opened: what `cpu` does not need may be missing.
"""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from consilience.devices.cpu import CpuDevice
from consilience.devices.device import Device
from consilience.devices.link_device import LinkDevice
from consilience.errors import BadInput, NoDevice, ToolMissing
from consilience.extras import naming_extras
from consilience.link.session import LinkSession
from consilience.link.transport import Transport
from consilience_hw.spec.engine_config import EngineConfig

__all__ = ["open_device", "open_linked", "open_transport"]

_FORMS = "cpu, sim, sim?lanes=4, serial:///dev/ttyUSB1, socket://HOST:PORT, or auto"
_log = logging.getLogger("consilience.devices")

_SIM_NUMBERS = ("lanes", "hypotheses", "credits")


def open_device(url: str = "auto") -> Device:
    """Open a device; use it in a ``with`` statement, or close it.

    Parameters
    ----------
    url : str
        ``cpu``: this machine. ``sim``: the gateware, compiled and simulated cycle by cycle;
        options ``lanes`` (1..64), ``hypotheses`` (2..16), ``credits`` (2, 4, 8) and ``waves`` (a
        VCD file), as in ``sim?lanes=4&waves=run.vcd``. ``serial:///dev/ttyUSB1``: a board; options
        ``baud`` (3000000) and ``timeout`` (seconds that a reply may take).
        ``socket://HOST:PORT``: a device that ``consilience serve`` offers there. ``auto``: the
        board that answers, else this machine; a warning in the log says what it took.

    Raises
    ------
    BadInput
        The URL is not of such a kind, or has another option.
    NoDevice
        The device is not there; another is never taken in its place. Or ``auto`` finds several.
    PermissionRefused
        This user may not open the serial port.
    ToolMissing
        ``sim`` without a C++ compiler, or a package that an extra of consilience brings.
    AbiMismatch
        The device is of another version.
    """
    if not isinstance(url, str):
        raise BadInput(f"a device is opened by its URL, not by {url!r}; give {_FORMS}")
    if url == "auto":
        return _board_or_cpu()
    return CpuDevice() if url == "cpu" else open_linked(url)


def open_linked(url: str) -> LinkDevice:
    """Open a device that is not this machine; errors are those of `open_device`."""
    with naming_extras(f"the device {url}"):
        transport = open_transport(url)
        if not _is_sim(url):
            return LinkDevice.over(LinkSession(transport, url))
        from consilience.devices.sim import SimDevice

        return SimDevice.over(LinkSession(transport, url))


def open_transport(url: str) -> Transport:
    """Return the bytes of the link to a device that is not this machine."""
    if _is_sim(url):
        from consilience.devices.sim import simulation_transport

        return simulation_transport(*_simulation_options(url))
    if url.startswith("socket:"):
        from consilience.devices.tcp import connect

        return connect(url)
    if url.startswith("serial:"):
        from consilience.devices.serial_port import SerialAddress, connect_serial

        return connect_serial(SerialAddress.of(url))
    if url.partition(":")[0] == "gpu":
        raise NoDevice(f"{url}: this version has no such device; give {_FORMS}")
    raise BadInput(f"{url}: not a device URL; give {_FORMS}")


def _is_sim(url: str) -> bool:
    return url.partition("?")[0] == "sim"


def _board_or_cpu() -> Device:
    """Return the only board that answers, else this machine; the log says which, and why."""
    try:
        with naming_extras("looking for boards"):
            from consilience.devices.ports import attached_device
    except ToolMissing as error:
        _log.warning("auto: took cpu; %s", error)
        return CpuDevice()
    board = attached_device()
    _log.warning("auto: took %s", "cpu" if board is None else board.url)
    return CpuDevice() if board is None else board


def _simulation_options(url: str) -> tuple[EngineConfig, Path | None]:
    """Return parameters and waveform file of a ``sim`` URL; BadInput at an unknown option."""
    numbers: dict[str, Any] = {}
    waves = None
    for name, value in parse_qsl(url.partition("?")[2], keep_blank_values=True):
        if name == "waves" and value:
            waves = Path(value)
            if waves.exists():
                raise BadInput(f"{waves}: exists already; remove it or choose another --waves")
        elif name in _SIM_NUMBERS and value.isdecimal():
            numbers[name] = int(value)
        else:
            raise BadInput(
                f"{url}: {name}={value} is no option of sim; give numbers for "
                f"{', '.join(_SIM_NUMBERS)}, or waves=PATH"
            )
    try:
        return EngineConfig(**numbers), waves
    except ValueError as error:
        raise BadInput(f"{url}: {error}") from error
