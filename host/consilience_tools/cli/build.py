"""`consilience build`: the bitstream of a board."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values, made_folder
from consilience.extras import naming_extras

__all__ = ["BoardArgument", "build"]

BoardArgument = Annotated[
    str,
    typer.Argument(
        metavar="BOARD", help="icebreaker, ulx3s, tangnano9k, colorlight_5a75b or ecpix5."
    ),
]


def build(
    board: BoardArgument,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the files; default build/boards/BOARD."),
    ] = None,
    lanes: Annotated[
        int | None, typer.Option(min=1, max=64, help="Codes per cycle; default the board's.")
    ] = None,
    hypotheses: Annotated[
        int | None,
        typer.Option(min=0, max=16, help="Most hypotheses, 0 for none; default the board's."),
    ] = None,
    ip: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="IPv4 address of a board on a network.")
    ] = None,
    mac: Annotated[
        str | None, typer.Option(metavar="MAC", help="Its station address, as 02:63:6e:73:6c:02.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Its UDP port.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Of place and route.", show_default="1 to 5: the first that meets all clocks"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Build a board's bitstream: minutes, with open tools from Python packages alone.

    Writes the bitstream, nextpnr's report and a manifest: build hash, link ABI, number format,
    timing, area, versions of the tools, SHA-256. What was built before comes from the cache. Exit
    code 1 if the design does not fit or misses the board's clock, 3 if a tool is missing.
    """
    # The tool chain is an extra, and takes a second to import.
    with naming_extras("consilience build", "build"):
        from consilience_tools.boards.building import build_board
        from consilience_tools.boards.catalogue import board_named

    output = Output(as_json=as_json)
    known = board_named(board)
    given = {"lanes": lanes, "hypotheses": hypotheses}
    options = {name: value for name, value in given.items() if value is not None}
    named = {"ip": ip, "mac": mac, "port": port}
    address = {name: value for name, value in named.items() if value is not None}
    with made_folder(out or Path("build") / "boards" / known.name) as folder:
        placed = build_board(known, options, output.working, seed, address).copy_to(folder)
    manifest = placed.manifest
    timing = manifest["timing"]
    used = manifest["area"]["used"]
    shown = {
        "bitstream": str(placed.bitstream),
        "SHA-256": manifest["bitstream"]["sha256"],
        "part": manifest["part"],
        "build": f"{manifest['build']}, version {manifest['version']}, link ABI {manifest['abi']}",
        "engine": f"{manifest['lanes']} lanes, {manifest['hypotheses']} hypotheses, "
        f"features {', '.join(manifest['features']) or 'none'}",
        "clocks": "; ".join(
            f"{name} {clock['required_mhz']:g} MHz needed, {clock['reached_mhz']:g} reached"
            for name, clock in timing["clocks"].items()
        ),
        "slowest path": timing["critical_path"]["in_words"],
        "cells": ", ".join(f"{name} {count:,}" for name, count in used.items()),
        "tools": ", ".join(f"{name} {version}" for name, version in manifest["tools"].items()),
    }
    output.result(
        {"folder": str(placed.folder), **manifest},
        Text(known.title, "bold"),
        key_values(shown),
        Text(f"next: consilience program {board}"),
    )
