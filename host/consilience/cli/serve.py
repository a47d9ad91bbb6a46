"""`consilience serve`: a device for other processes, over the link's bytes on a TCP socket."""

from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.device_option import DeviceOption, JsonOption
from consilience.cli.output import Output
from consilience.server.endpoint import served_transport
from consilience.server.server import IDLE_S, LinkServer

__all__ = ["serve"]


def serve(
    device: DeviceOption = "cpu",
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="TCP port; 0 takes a free one.")
    ] = 7361,
    idle: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECONDS", help="A client silent for so long gives way to another."
        ),
    ] = IDLE_S,
    as_json: JsonOption = False,
) -> None:
    """Offer a device to other processes as socket://HOST:PORT, until Ctrl-C.

    There is no authentication: who reaches the port uses the device. One client at a time; others
    are turned away while it is at work.
    """
    output = Output(as_json=as_json)
    with output.working(f"opening {device}"):
        transport = served_transport(device)
    with transport, LinkServer(transport, host, port, idle) as server:
        output.result(
            {"device": device, "address": server.address},
            Text(f"serving {device} at {server.address}; Ctrl-C ends it"),
        )
        server.run()
