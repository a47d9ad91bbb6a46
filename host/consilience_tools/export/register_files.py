"""The files of a core behind registers, written together."""

import json
import random
from pathlib import Path

from consilience_hw.spec.register_map import MAGIC, MAP_REVISION, REGISTERS, WINDOW_BYTES
from consilience_sim import golden
from consilience_tools.export.area import Area, area_of
from consilience_tools.export.c_header import HEADER, c_header
from consilience_tools.export.constraints import constraint_files
from consilience_tools.export.files import (
    ECP5_CELLS,
    WAIVERS,
    Exported,
    all_routed,
    consilience_version,
    error_bound,
    write_core,
)
from consilience_tools.export.register_core import Bus, RegisterCore
from consilience_tools.export.register_table import register_rules, register_tables
from consilience_tools.export.vectors import drawn_packet
from consilience_tools.pages.templates import rendered

__all__ = ["PACKETS", "export_registers", "register_companions", "register_verilog"]

PACKETS = 40
"""Packets that the bench of a core sends."""

_HERE = Path(__file__).parent


def register_verilog(core: RegisterCore) -> str:
    """Return the text of the module's file."""
    return (
        f"// LogSumExp of consilience {consilience_version()}: {core.fmt}, behind registers on "
        f"{core.bus.value}, for\n// {core.fabric.value} fabric.\n"
        f"// SPDX-License-Identifier: Apache-2.0\n`timescale 1ns / 1ps\n{core.verilog()}"
    )


def register_companions(core: RegisterCore, area: Area | None = None) -> dict[str, str]:
    """Return all files but the Verilog: header, bench or LiteX module, FuseSoC core, datasheet."""
    cells = {ECP5_CELLS.name} if core.fabric.value == "ecp5" else set()
    clock = "aclk" if core.bus is Bus.AXI_LITE else "clk"
    constraints = constraint_files(core.name, clock, core.fabric)
    values = {
        "top": core.name,
        "constraints": list(constraints),
        "core": core,
        "version": consilience_version(),
        "header": HEADER,
        "area": area,
        "cells": sorted(cells),
        "waivers": WAIVERS,
        "routed": [],
        "others": all_routed(),
        "error_bound": error_bound(core.fmt),
        "rules": register_rules(),
        "tables": register_tables(),
        "registers": REGISTERS,
        "magic": MAGIC,
        "revision": MAP_REVISION,
        "window": WINDOW_BYTES,
        "word_bits": (WINDOW_BYTES // 4 - 1).bit_length(),
    }
    files = {
        HEADER: c_header(),
        f"{core.name}.core": rendered(_HERE / "fusesoc_registers.core.j2", **values),
        f"{core.name}.vlt": rendered(_HERE / "waivers.vlt.j2", **values),
        "DATASHEET.md": rendered(_HERE / "register_datasheet.md.j2", **values),
        **{name: ECP5_CELLS.read_text() for name in cells},
        **constraints,
    }
    if core.bus is Bus.AXI_LITE:
        files["packets.json"] = json.dumps(_packets(core), indent=1) + "\n"
        files[f"test_{core.name}.py"] = rendered(_HERE / "axi_lite_bench.py.j2", **values)
        files["Makefile"] = rendered(_HERE / "bench_makefile.j2", **values)
    else:
        files[f"{core.name}_litex.py"] = rendered(_HERE / "litex_module.py.j2", **values)
    return files


def _packets(core: RegisterCore) -> list[dict[str, object]]:
    """Return packets of all lengths and scales with the golden model's results."""
    choose = random.Random(1)
    packets: list[dict[str, object]] = []
    while len(packets) < (PACKETS // 4 if core.small else PACKETS):
        codes = drawn_packet(core.fmt, 1, choose)
        if not golden.hard_to_round(codes, core.fmt):
            code, status = golden.log_sum(codes, core.fmt)
            packets.append({"codes": codes, "code": int(code), "status": int(status)})
    return packets


def export_registers(
    core: RegisterCore, folder: Path, *, overwrite: bool, count_cells: bool
) -> Exported:
    """Write a core's files into a folder; as `files.export_core`."""
    return write_core(
        folder,
        f"{core.name}.v",
        lambda: register_verilog(core),
        lambda text: area_of(text, core) if count_cells else None,
        lambda area: register_companions(core, area),
        overwrite=overwrite,
    )
