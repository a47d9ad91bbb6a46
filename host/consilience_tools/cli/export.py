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
        int, typer.Option(min=1, max=64, metavar="N", help="Codes per beat, 1 .. 64.")
    ] = 8,
    number_format: Annotated[
        str,
        typer.Option(
            "--format", metavar="Qm.n", help="Number format: integer and fraction bits of a code."
        ),
    ] = "Q16.16",
    small: Annotated[
        bool,
        typer.Option("--small", help="The unit for small devices: one packet at a time."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write LogSumExp as Verilog with AXI4-Streams, testbench, FuseSoC core and datasheet."""
    # Amaranth and Jinja are an extra, and take half a second to import.
    with naming_extras("consilience export", "build"):
        from consilience_tools.export.core import Core, parse_format
        from consilience_tools.export.files import export_core

    output = Output(as_json=as_json)
    core = Core(lanes, parse_format(number_format), small)
    with output.working(f"writing Verilog of {lanes} lanes"):
        files = export_core(core, out, overwrite=force)
    value: dict[str, object] = {
        "folder": str(out),
        "top": core.name,
        "lanes": lanes,
        "format": str(core.fmt),
        "latency_cycles": core.latency,
        "files": files,
    }
    shown = value | {"files": ", ".join(files)}
    output.result(value, key_values(shown), "", Text(f"datasheet {out / 'DATASHEET.md'}"))
