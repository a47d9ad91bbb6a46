"""URLs of devices, and opening what they name.

Each kind is imported when it is opened: what `cpu` does not need may be missing.
"""

import logging
from pathlib import Path
from urllib.parse import parse_qsl

from consilience.devices.cpu import CpuDevice
from consilience.devices.device import Device
from consilience.errors import BadInput, NoDevice, ToolMissing
from consilience.extras import naming_extras
from consilience_hw.spec.engine_config import EngineConfig

__all__ = ["open_device", "simulation_options", "unknown_url"]

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
    kind, _, _ = url.partition("?")
    if url == "auto":
        return _board_or_cpu()
    if url == "cpu":
        return CpuDevice()
    with naming_extras(f"the device {url}"):
        if kind == "sim":
            from consilience.devices.sim import open_sim

            return open_sim(url, *simulation_options(url))
        if url.startswith("socket:"):
            from consilience.devices.tcp import open_socket

            return open_socket(url)
        if url.startswith("serial:"):
            from consilience.devices.serial_port import open_serial

            return open_serial(url)
    raise unknown_url(url)


def _board_or_cpu() -> Device:
    """Return the only board that answers, else this machine; the log says which, and why."""
    try:
        with naming_extras("looking for boards"):
            from consilience.devices.attached import attached_device
    except ToolMissing as error:
        _log.warning("auto: took cpu; %s", error)
        return CpuDevice()
    board = attached_device()
    _log.warning("auto: took %s", "cpu" if board is None else board.url)
    return CpuDevice() if board is None else board


def unknown_url(url: str) -> BadInput | NoDevice:
    """Return the error for a URL that opens nothing."""
    if url.partition(":")[0] == "gpu":
        return NoDevice(f"{url}: this version has no such device; give {_FORMS}")
    return BadInput(f"{url}: not a device URL; give {_FORMS}")


def simulation_options(url: str) -> tuple[EngineConfig, Path | None]:
    """Return parameters and waveform file of a ``sim`` URL; BadInput at an unknown option."""
    numbers: dict[str, int] = {}
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
    usual = EngineConfig()
    try:
        config = EngineConfig(
            lanes=numbers.get("lanes", usual.lanes),
            hypotheses=numbers.get("hypotheses", usual.hypotheses),
            credits=numbers.get("credits", usual.credits),
        )
        return config, waves
    except ValueError as error:
        raise BadInput(f"{url}: {error}") from error
