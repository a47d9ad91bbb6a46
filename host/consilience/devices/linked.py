"""Devices that are reached over a link: the simulated gateware, a board, another process.

Each kind is imported when it is opened: what one does not need may be missing.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from consilience.devices.link_device import LinkDevice
from consilience.distributed.nats_address import shown_address
from consilience.errors import BadInput, NoDevice
from consilience.extras import naming_extras
from consilience.link.session import LinkSession
from consilience.link.transport import Transport
from consilience_hw.spec.engine_config import EngineConfig

__all__ = ["FORMS", "open_linked", "open_transport"]

FORMS = "cpu, sim, sim?lanes=4, gpu, serial:///dev/ttyUSB1, udp://HOST, socket://HOST:PORT, or auto"
"""Examples of device URLs, for messages."""

_SIM_NUMBERS = ("lanes", "hypotheses", "components", "live", "robust", "credits")


def open_linked(url: str) -> LinkDevice:
    """Open a device that is not this machine; errors are those of `open_device`."""
    with naming_extras(f"the device {shown_address(url)}"):
        transport = open_transport(url)
        if not _is_sim(url):
            return LinkDevice.over(LinkSession(transport, url))
        from consilience.devices.sim import SimDevice

        return SimDevice.over(LinkSession(transport, url))


def open_transport(url: str) -> Transport:
    """Return the bytes of the link to a device that is not this machine."""
    try:
        urlsplit(url)
    except ValueError as error:
        shown = shown_address(url)
        raise BadInput(f"{shown}: not a device URL ({error}); give {FORMS}") from None
    if _is_sim(url):
        from consilience.devices.sim import simulation_transport

        return simulation_transport(*_simulation_options(url))
    if url.startswith(("socket:", "tcp:", "tls+tcp:")):
        from consilience.devices.tcp import connect

        return connect(url)
    if url.startswith("serial:"):
        from consilience.devices.serial_port import SerialAddress, connect_serial

        return connect_serial(SerialAddress.of(url))
    if url.startswith("udp:"):
        from consilience.devices.udp import DatagramAddress, connect_datagrams

        return connect_datagrams(DatagramAddress.of(url))
    if url.partition(":")[0] == "gpu":
        raise NoDevice(f"{url}: a GPU is opened as gpu, and is not served to others; give {FORMS}")
    raise BadInput(f"{shown_address(url)}: not a device URL; give {FORMS}")


def _is_sim(url: str) -> bool:
    return url.partition("?")[0] == "sim"


def _simulation_options(url: str) -> tuple[EngineConfig, Path | None]:
    """Return parameters and waveform file of a ``sim`` URL; BadInput at an unknown option."""
    numbers: dict[str, Any] = {}
    waves = None
    for name, value in parse_qsl(
        url.partition("?")[2], keep_blank_values=True, errors="surrogateescape"
    ):
        if name == "waves" and value and "\0" not in value:
            waves = Path(value)
            if waves.exists():
                raise BadInput(
                    f"{waves}: exists already; remove it or choose another file for the waves"
                )
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
