"""`consilience serve`: a device for other processes, over the link's bytes on a TCP socket."""

from typing import Annotated

import typer
from consilience.cli.device_option import DeviceOption, JsonOption

__all__ = ["serve"]


def serve(
    device: DeviceOption = "cpu",
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="TCP port; 0 takes a free one.")
    ] = 7361,
    as_json: JsonOption = False,
) -> None:
    """Offer a device to other processes as socket://HOST:PORT, until Ctrl-C.

    There is no authentication: who reaches the port uses the device.
    """
    raise NotImplementedError
