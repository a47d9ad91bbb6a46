"""`consilience export`: the log sum unit as plain Verilog, for designs without Amaranth."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output, key_values
from consilience.extras import naming_extras

__all__ = ["export"]


def export(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the files; made if it is missing.")
    ] = Path("build/export"),
    lanes: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            metavar="N",
            help="Codes per beat, 1 .. 64; default 8, and 1 behind a bus.",
        ),
    ] = None,
    number_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="Qm.n",
            help="Number format: 2 .. 16 integer bits, sign included, and 1 .. 16 fraction bits.",
        ),
    ] = "Q16.16",
    bus: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="stream: AXI4-Streams; axi-lite, wishbone: registers for a CPU, 1 lane.",
        ),
    ] = "stream",
    small: Annotated[
        bool,
        typer.Option("--small", help="The unit for small devices: one packet at a time."),
    ] = False,
    fabric: Annotated[
        str,
        typer.Option(metavar="NAME", help="What the file is for: generic, ecp5, xilinx or gowin."),
    ] = "generic",
    area: Annotated[
        bool,
        typer.Option(
            "--area/--no-area",
            help="Count the file's cells with Yosys: ten seconds with 1 lane, a minute with 8, "
            "minutes with 64; the first time half a minute more. Without: seconds.",
        ),
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write LogSumExp as Verilog with its bus, bench, FuseSoC core and datasheet."""
    # Amaranth and Jinja are an extra, and take half a second to import.
    with naming_extras("consilience export", "build"):
        from consilience_tools.export.asked import asked_for

    output = Output(as_json=as_json)
    core, write = asked_for(bus, lanes, number_format, fabric, small=small)
    text = f"writing {core.name}"
    if area:
        text += f", and counting its cells for {fabric}"
    with output.working(text):
        exported = write(out, overwrite=force, count_cells=area)
    cells = None if exported.area is None else exported.area.totals
    value: dict[str, object] = {
        "folder": str(out),
        "top": core.name,
        "bus": bus,
        "lanes": core.lanes,
        "format": str(core.fmt),
        "fabric": core.fabric.value,
        "latency_cycles": core.latency,
        "cells": cells,
        "files": exported.files,
    }
    shown = {name: told for name, told in value.items() if told is not None}
    shown["files"] = ", ".join(exported.files)
    if cells is not None:
        shown["cells"] = ", ".join(f"{count:,} {kind}" for kind, count in cells.items())
    output.result(value, key_values(shown), "", Text(f"datasheet {out / 'DATASHEET.md'}"))
