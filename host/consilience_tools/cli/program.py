"""`consilience program`: a bitstream into a board."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output
from consilience.errors import BadInput
from consilience.extras import naming_extras
from consilience_tools.cli.build import BoardArgument

__all__ = ["program"]


def program(
    board: BoardArgument,
    bitstream: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Bitstream; default what `build BOARD` gives."),
    ] = None,
    flash: Annotated[
        bool, typer.Option("--flash", help="Into the flash, to stay when the power goes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Program a board, by openFPGALoader or its own tool; builds the bitstream first if need be.

    Exit code 3 if no such tool is installed (says which, and how to get it), 5 without permission.
    """
    # The tool chain is an extra, and takes a second to import.
    with naming_extras("consilience program", "build"):
        from consilience_tools.boards.building import build_board
        from consilience_tools.boards.catalogue import board_named
        from consilience_tools.boards.programming import found_loader, program_board

    output = Output(as_json=as_json)
    known = board_named(board)
    if bitstream is not None and not bitstream.is_file():
        raise BadInput(f"{bitstream}: no such file; `consilience build {board}` makes one")
    found_loader(known, flash=flash)  # before a build, which takes minutes
    file = bitstream or build_board(known, {}, output.working).bitstream
    with output.working(f"programming {known.title}"):
        loader = program_board(known, file.resolve(), flash=flash)
    value = {"board": known.name, "bitstream": str(file), "tool": loader, "flash": flash}
    where = "flash" if flash else "memory, until the power goes"
    output.result(
        value,
        Text(f"{known.title}: programmed by {loader} ({where})"),
        Text("next: consilience list"),
    )
