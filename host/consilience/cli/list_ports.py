"""`consilience list`: serial ports, what may be behind them, and who may open them."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output
from consilience.devices.linked import open_linked
from consilience.errors import ConsilienceError

if TYPE_CHECKING:
    from consilience.devices.ports import SerialPort

__all__ = ["list_ports"]


def list_ports(
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Send a HELLO to ports of known boards, and say who answers."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the serial ports, with a guess of the board behind each and whether it may be opened.

    The guess is by the USB bridge alone; --ask asks. Boards on a network are at their addresses:
    `consilience status --device udp://HOST` asks one.
    """
    from consilience.devices.ports import serial_ports  # needs the extra serial

    output = Output(as_json=as_json)
    ports = serial_ports()
    answers: dict[str, str] = {}
    if ask:
        with output.working("asking"):
            answers = {port.device: _answer(port) for port in ports if port.boards}
    value = {"ports": [_value(port, answers.get(port.device)) for port in ports]}
    output.result(value, *_view(ports, answers))


def _answer(port: "SerialPort") -> str:
    """Return the board that answers a HELLO at a port, or why none does."""
    try:
        with open_linked(port.url) as device:
            info = device.info
            return f"{info.board}, version {info.version}, build {info.build}"
    except ConsilienceError as error:
        return str(error)


def _value(port: "SerialPort", answer: str | None) -> dict[str, object]:
    return {
        "device": port.device,
        "url": port.url,
        "description": port.description,
        "usb": None if port.usb is None else f"{port.usb[0]:04x}:{port.usb[1]:04x}",
        "serial_number": port.serial_number,
        "boards": [board.name for board in port.boards],
        "may_open": port.may_open,
        "answer": answer,
    }


def _view(ports: list["SerialPort"], answers: dict[str, str]) -> list[Table | Text]:
    if not ports:
        return [Text("No serial port. Is the board plugged in, and its cable not for power alone?")]
    headings = ("port", "usb", "perhaps", "may open", "calls itself")
    table = Table(*headings, box=None, pad_edge=False)
    for port in ports:
        usb = "" if port.usb is None else f"{port.usb[0]:04x}:{port.usb[1]:04x}"
        allowed = Text("yes", "green") if port.may_open else Text("no", "bold red")
        # No markup: a port may call itself anything.
        table.add_row(Text(port.device), usb, Text(port.guess), allowed, Text(port.description))
    view: list[Table | Text] = [table]
    view += [Text(f"{device}: {answer}") for device, answer in answers.items()]
    if not all(port.may_open for port in ports):
        from consilience.devices.serial_port import PERMISSION_CURE

        view.append(Text(f"Where it may not be opened: {PERMISSION_CURE}."))
    return view
