"""The files of an exported core, written together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consilience.cli.output import made_folder
from consilience.devices.device import ERROR_BOUND_ULP
from consilience.errors import BadInput
from consilience.evidence.atomic_file import write_file
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_sim.netlists.fabric import Fabric
from consilience_tools.export.area import Area, area_of
from consilience_tools.export.constraints import constraint_files
from consilience_tools.export.core import Core
from consilience_tools.export.vectors import RESULT_BITS, make_vectors
from consilience_tools.pages.templates import rendered
from consilience_tools.place_and_route.baseline import read_baseline
from consilience_tools.place_and_route.configurations import PUBLISHED

__all__ = [
    "ECP5_CELLS",
    "WAIVERS",
    "Exported",
    "companions",
    "consilience_version",
    "core_verilog",
    "error_bound",
    "export_core",
    "write_core",
]

WAIVERS = {
    "PROCASSINIT": "registers have an initial value, as they have in FPGAs",
    "INITIALDLY": "`initial x <= 0;` comes when all blocks wait, so that each runs at time 0",
    "WIDTHEXPAND": "operands of mixed width: each is widened on purpose",
    "WIDTHTRUNC": "`!` on a vector",
    "CASEINCOMPLETE": "a case over the values that occur; the others keep the default",
    "ASCRANGE": "a vector of no bits, such as the unused half of a split",
    "UNUSEDSIGNAL": "upper halves of sums and products, and the bits of codes above their width",
    "DECLFILENAME": "all modules are in one file",
}
"""Warnings of Verilator for the generated Verilog, with the reason why each is harmless."""

_TEMPLATES = {
    "_tb.v": "testbench.v.j2",
    ".core": "fusesoc.core.j2",
    ".vlt": "waivers.vlt.j2",
}
"""By what follows the core's name."""

ECP5_CELLS = Path(__file__).with_name("consilience_ecp5_cells.v")
"""The cells that a file for ECP5 instantiates, for simulation."""

_ROUTED_PARTS = {
    Fabric.GENERIC: ("ICE40",),
    Fabric.ECP5: ("LFE5U",),
    Fabric.XILINX: (),
    Fabric.GOWIN: ("GW1N",),
}
"""Beginnings of the parts for which `make timing` builds the same gateware."""


def core_verilog(core: Core) -> str:
    """Return the text of the module's file."""
    return (
        f"// LogSumExp of consilience {consilience_version()}: {core.lanes} lanes, {core.fmt}, "
        f"behind AXI4-Streams, for {core.fabric.value}\n// fabric.\n"
        "// SPDX-License-Identifier: Apache-2.0\n"
        f"`timescale 1ns / 1ps\n{core.verilog()}"
    )


def companions(core: Core, area: Area | None = None) -> dict[str, str]:
    """Return all files but the Verilog itself: testbench, vectors, FuseSoC core, datasheet."""
    vectors = make_vectors(core)
    cells = {ECP5_CELLS.name} if core.fabric is Fabric.ECP5 else set()
    constraints = constraint_files(core.name, "aclk", core.fabric)
    values = {
        "top": core.name,
        "core": core,
        "version": consilience_version(),
        "constraints": list(constraints),
        "beats": len(vectors.beats),
        "results": len(vectors.results),
        "result_bits": RESULT_BITS,
        "waivers": WAIVERS,
        "area": area,
        "cells": sorted(cells),
        "routed": routed_figures(core),
        "others": all_routed(),
        "error_bound": error_bound(core.fmt),
    }
    return {
        "beats.mem": vectors.beat_lines(core),
        "results.mem": vectors.result_lines(),
        "DATASHEET.md": rendered(Path(__file__).with_name("datasheet.md.j2"), **values),
        **{name: ECP5_CELLS.read_text() for name in cells},
        **constraints,
        f"test_{core.name}.py": rendered(Path(__file__).with_name("stream_bench.py.j2"), **values),
        "Makefile": rendered(Path(__file__).with_name("bench_makefile.j2"), **values),
        **{
            core.name + ending: rendered(Path(__file__).with_name(template), **values)
            for ending, template in _TEMPLATES.items()
        },
    }


def routed_figures(core: Core) -> list[dict[str, Any]]:
    """Return the baseline's figures of this kind of unit on the fabric's parts; only for Q16.16."""
    baseline = read_baseline()
    unit = "SerialLogSumExp" if core.small else "LogSumExp"
    same = [one.name for one in PUBLISHED if (one.unit_name, one.lanes) == (unit, core.lanes)]
    figures = [baseline[name] for name in same if name in baseline and core.fmt == Q16_16]
    return [one for one in figures if one["part"].startswith(_ROUTED_PARTS[core.fabric])]


def all_routed() -> list[dict[str, Any]]:
    """Return the baseline's figures of this core, of any width on any part, and ``small``."""
    kinds = {"LogSumExp": False, "SerialLogSumExp": True}
    baseline = read_baseline()
    return [
        {**baseline[one.name], "small": kinds[one.unit_name]}
        for one in PUBLISHED
        if one.unit_name in kinds and one.name in baseline
    ]


def error_bound(fmt: LogFormat) -> str:
    """Return in words how far a code may be from the true log sum."""
    if fmt == Q16_16:
        return f"at most {ERROR_BOUND_ULP} ulp, for up to 2^32 codes (proved: docs/numerics.md)"
    return (
        f"the exact sum of mantissas of {fmt.mantissa_bits} fraction bits, rounded once; no bound "
        "is derived for this format"
    )


def consilience_version() -> str:
    """Return the version that exported files tell."""
    return ".".join(map(str, EngineConfig().version))


@dataclass(frozen=True)
class Exported:
    """What was written: names of files, and the cells that the datasheet tells, if counted."""

    files: list[str]
    area: Area | None


def export_core(core: Core, folder: Path, *, overwrite: bool, count_cells: bool) -> Exported:
    """Write a core's files into a folder, made if it is missing.

    No file stays partial. To count the cells takes Yosys 10 s with one lane, minutes with 64.

    Raises
    ------
    BadInput
        The folder cannot be made, or a file of that name is there and `overwrite` is not set.
    BuildFailed
        Yosys failed; the message names its log.
    """
    return write_core(
        folder,
        f"{core.name}.v",
        lambda: core_verilog(core),
        lambda text: area_of(text, core) if count_cells else None,
        lambda area: companions(core, area),
        overwrite=overwrite,
    )


def write_core(
    folder: Path,
    verilog: str,
    write: Callable[[], str],
    count: Callable[[str], Area | None],
    others: Callable[[Area | None], dict[str, str]],
    *,
    overwrite: bool,
) -> Exported:
    """Write the files of any core, nothing before all of them are made.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    verilog : str
        Name of the file that `write` gives the text of.
    write, count, others : callable
        Return the Verilog's text; its cells; the other files, by name.
    overwrite : bool
        Replace what is there.

    Raises
    ------
    BadInput
        The folder cannot be made, or a file of that name is there.
    """
    with made_folder(folder):
        if not overwrite:
            for name in (verilog, *others(None)):
                if (folder / name).exists():
                    raise BadInput(f"{folder / name}: exists already; pass --force to replace it")
        text = write()
        area = count(text)
        files = {verilog: text, **others(area)}
        for name, content in files.items():
            write_file(folder / name, content, overwrite=overwrite)
    return Exported(list(files), area)
