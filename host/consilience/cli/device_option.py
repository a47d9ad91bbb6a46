"""The options that choose a device, and its opening."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from consilience.cli.output import Output
from consilience.devices.device import Device
from consilience.devices.opening import open_device
from consilience.distributed.nats_address import shown_address
from consilience.errors import BadInput

__all__ = ["MOST_ROWS", "DeviceOption", "JsonOption", "WavesOption", "opened", "with_waves"]

MOST_ROWS = 1 << 28
"""Most rows at a time that an option may ask for."""

DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="URL",
        help="Device: cpu, sim (cycle-accurate gateware), sim?lanes=4, serial:///dev/ttyUSB1, "
        "udp://HOST (a board on a network), socket://HOST:PORT, or auto (the best that is here; "
        "says which).",
    ),
]

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print exactly one JSON object on stdout; logs on stderr.")
]

WavesOption = Annotated[
    Path | None,
    typer.Option("--waves", metavar="PATH", help="Record waveforms of sim to this VCD file."),
]


def with_waves(url: str, waves: Path | None) -> str:
    """Return the URL with the option `waves`; BadInput if the device is not simulated."""
    if waves is None:
        return url
    if url.partition("?")[0] != "sim":
        raise BadInput(f"--waves records the simulated device, not {url}; use --device sim")
    return f"{url}{'&' if '?' in url else '?'}waves={quote(bytes(waves))}"


@contextmanager
def opened(url: str, output: Output) -> Iterator[Device]:
    """Open the device for the time of a command, saying so where it may take a while."""
    with output.working(f"opening {shown_address(url)}"):
        device = open_device(url)
    with device:
        yield device
