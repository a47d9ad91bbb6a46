"""A design as a netlist of a part's cells, made once; the result is kept in the cache."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amaranth.back import rtlil

from consilience_sim.cache import cache_folder, digest, made_once
from consilience_tools.place_and_route.carry_ends import free_carry_ends
from consilience_tools.place_and_route.output_registers import use_ram_output_registers
from consilience_tools.place_and_route.targets import Target
from consilience_tools.place_and_route.tools import YOSYS, run_tool, tool_version

__all__ = ["TOP", "SynthesisedDesign", "cell_counts", "synthesised", "synthesised_text"]

TOP = "top"

_SCRIPT = """\
read_rtlil design.il
{synthesis} -top {top} -json netlist.json
"""

_PARTS = {
    "LUT4": ("LUT1", "LUT2", "LUT3", "LUT4", "SB_LUT4"),
    "carry": ("CCU2C", "SB_CARRY", "ALU"),
    "FF": ("TRELLIS_FF", "SB_DFF", "DFF"),
    "BRAM": ("DP16KD", "SB_RAM40", "SDPB", "SDPX9B", "DPB", "DPX9B", "SPX9", "SP", "pROM"),
    "LUT_RAM": ("TRELLIS_DPR16X4", "RAM16SDP"),
    "DSP": ("MULT18X18D", "ALU54B", "SB_MAC16", "MULT9X9", "MULT18X18", "MULT36X36"),
}
"""Beginnings of the cells' names; a number or a letter may follow, as in SB_DFFESR."""


@dataclass(frozen=True)
class SynthesisedDesign:
    """A netlist.

    Parameters
    ----------
    folder : Path
        Folder of the cache.
    """

    folder: Path

    @property
    def netlist(self) -> Path:
        """The netlist as yosys' JSON, for nextpnr."""
        return self.folder / "netlist.json"

    @property
    def sha256(self) -> str:
        """Hash of the netlist, in hexadecimal."""
        return (self.folder / "sha256").read_text()

    @property
    def cells(self) -> dict[str, int]:
        """Number of cells of each type."""
        cells: dict[str, int] = json.loads((self.folder / "cells.json").read_text())
        return cells


def cell_counts(cells: dict[str, int]) -> dict[str, int]:
    """Return the number of look-up tables, carries, flip-flops, block RAMs, LUT RAMs and DSPs."""
    counts = dict.fromkeys(_PARTS, 0)
    for cell, count in cells.items():
        for part, names in _PARTS.items():
            if cell in names or (part in ("FF", "BRAM", "LUT_RAM") and cell.startswith(names)):
                counts[part] += count
                break
    return counts


def synthesised(design: Any, target: Target, *, name: str) -> SynthesisedDesign:
    """Synthesise a component for a part, once: half a minute with 8 lanes, 4 minutes with 64.

    Parameters
    ----------
    design : wiring.Component
    target : Target
    name : str
        Name of the design, for messages.

    Raises
    ------
    ToolMissing
    ConsilienceError
        Yosys failed; the message names its log.
    """
    text = rtlil.convert(design, name=TOP, platform=target.platform, emit_src=False)
    return synthesised_text(text, target, name=name)


def synthesised_text(text: str, target: Target, *, name: str) -> SynthesisedDesign:
    """Synthesise a design as `synthesised` does, given as RTLIL of a module `TOP`."""
    script = _SCRIPT.format(synthesis=target.synthesis, top=TOP)
    files = ("output_registers.py", "carry_ends.py") if target.ecp5 else ()
    passes = (script, *(Path(__file__).with_name(name).read_text() for name in files))
    made_from = ("netlist", digest(text), passes, YOSYS, tool_version(YOSYS))
    entry = cache_folder() / "place_and_route" / digest(*made_from)
    log = entry.with_suffix(".log")

    def make(work: Path, made: Path) -> None:
        (work / "design.il").write_text(text)
        (work / "script.ys").write_text(script)
        run_tool(YOSYS, ["-q", "script.ys"], work, log, f"the synthesis of {name} failed")
        _finish(json.loads((work / "netlist.json").read_text()), target, made)

    made_once(entry, make)
    return SynthesisedDesign(entry)


def _finish(netlist: dict[str, Any], target: Target, made: Path) -> None:
    """Write the netlist for nextpnr, the number of its cells, and its hash."""
    # Yosys' cell library is dropped, as nextpnr has its own.
    netlist["modules"] = {TOP: netlist["modules"][TOP]}
    if target.ecp5:
        use_ram_output_registers(netlist, TOP)
        free_carry_ends(netlist, TOP)
    types = (cell["type"] for cell in netlist["modules"][TOP]["cells"].values())
    cells = Counter(name for name in types if not name.startswith("$"))
    text = json.dumps(netlist, separators=(",", ":"))
    (made / "netlist.json").write_text(text)
    (made / "cells.json").write_text(json.dumps(cells, sort_keys=True))
    (made / "sha256").write_text(hashlib.sha256(text.encode()).hexdigest())
