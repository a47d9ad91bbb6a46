"""Two netlists of a design, proved equal cycle by cycle with yosys' models of the cells."""

import copy
import json
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.lib import wiring

from consilience_hw.primitives.ecp5 import Ecp5Fabric
from consilience_sim.netlists import Family
from tests.campaigns.verify.formal.yosys import run_yosys

__all__ = ["ecp5_netlist_in", "prove_equal"]

READ = """\
read_verilog -defer -DNO_INCLUDES {models}
read_json {name}.json
hierarchy -check -top top
proc
flatten
opt -full
memory
opt -full
rename top {name}
design -stash {name}
"""
PROOF = """\
design -copy-from before before
design -copy-from after after
miter -equiv -flatten before after equal
sat -verify -prove trigger 0 -tempinduct -set-init-zero equal
"""


def ecp5_netlist_in(folder: Path, component: wiring.Component) -> dict[str, Any]:
    """Return a component in cells of the ECP5, and put it and their models into a folder."""
    text = rtlil.convert(component, name="top", platform=Ecp5Fabric(), emit_src=False)
    (folder / "design.il").write_text(text)
    script = f"read_rtlil design.il; {Family.ECP5.synthesis} -top top -json netlist.json"
    run_yosys([script], folder)
    design = json.loads((folder / "netlist.json").read_text())
    design = {"modules": {"top": design["modules"]["top"]}}
    (folder / "before.json").write_text(json.dumps(design))
    for model in Family.ECP5.models:
        (folder / model.name).write_text(model.read_text())
    return design


def prove_equal(folder: Path, after: dict[str, Any]) -> None:
    """Have the solver look for inputs, cycle after cycle from power-up, that tell them apart."""
    after = copy.deepcopy(after)
    for cell in after["modules"]["top"]["cells"].values():
        for pin, bits in cell["connections"].items():
            if bits == ["x"] and cell["port_directions"][pin] == "output":
                cell["connections"][pin] = []  # as yosys reads what is left open
    (folder / "after.json").write_text(json.dumps(after))
    models = " ".join(model.name for model in Family.ECP5.models)
    script = "".join(READ.format(models=models, name=name) for name in ("before", "after")) + PROOF
    run_yosys(script.splitlines(), folder)
