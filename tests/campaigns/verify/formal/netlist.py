"""A component as one flat module of cells and bits, as Yosys writes it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.lib import data, wiring

from consilience_hw.conversion import component_ports
from consilience_sim.netlists.family import Family
from tests.campaigns.verify.formal.yosys import ToolFailed, run_yosys

__all__ = ["WRITABLE", "Form", "Netlist", "flat_netlist"]

UNIT = "unit"
WRITABLE = "t:$mem_v2 r:WR_PORTS>0 %i"
"""Selects all memories but tables."""
FLAT = ["proc", "flatten -noscopeinfo", "opt_expr", "opt_clean"]


class Form(Enum):
    """What is looked at: the gateware as written, or what synthesis makes of it."""

    RTL = "RTL"
    ICE40 = "iCE40 netlist"
    ECP5 = "ECP5 netlist"


_FAMILIES = {Form.ICE40: Family.ICE40, Form.ECP5: Family.ECP5}
_MULTIPLIER = next(path for path in Family.ECP5.models if path.stem == "mult18x18d")
_MODELS = {
    Form.ICE40: "-D NO_ICE40_DEFAULT_ASSIGNMENTS +/ice40/cells_sim.v",
    Form.ECP5: f"+/ecp5/cells_sim.v {_MULTIPLIER.name}",
}
"""The cells' simulation models: Yosys', and that of the multiplier that the gateware places
itself, in the folder."""


@dataclass
class Netlist:
    """A flat module, with ports that can be split, added and cut.

    Parameters
    ----------
    module : dict
        The module as in Yosys' JSON.
    form : Form
        What it is made of.
    """

    module: dict[str, Any]
    form: Form = Form.RTL
    _next: int = field(init=False)

    def __post_init__(self) -> None:
        bits = [bit for net in self.module["netnames"].values() for bit in net["bits"]]
        for cell in self.module["cells"].values():
            for connection in cell["connections"].values():
                bits += connection
        self._next = max([bit for bit in bits if isinstance(bit, int)], default=1) + 1

    @property
    def inputs(self) -> dict[str, list[Any]]:
        """Bits of the input ports by name."""
        return self._ports("input")

    @property
    def outputs(self) -> dict[str, list[Any]]:
        """Bits of the output ports by name."""
        return self._ports("output")

    def _ports(self, direction: str) -> dict[str, list[Any]]:
        ports = self.module["ports"]
        return {name: p["bits"] for name, p in ports.items() if p["direction"] == direction}

    def net(self, name: str) -> list[Any]:
        """Return the bits of a net of the flat module, like ``session.reader.busy``."""
        bits: list[Any] = self.module["netnames"][name]["bits"]
        return bits

    def split(self, port: str, layout: data.Layout) -> None:
        """Replace a port by one for each field of its layout, named ``port.field``."""
        whole = self.module["ports"].pop(port)
        for name, part in layout:
            bits = whole["bits"][part.offset : part.offset + part.width]
            self.module["ports"][f"{port}.{name}"] = {**whole, "bits": bits}

    def show(self, port: str, bits: Sequence[Any]) -> None:
        """Add an output port for bits of the inside."""
        self.module["ports"][port] = {"direction": "output", "bits": list(bits)}

    def cut(self, port: str, net: str) -> None:
        """Make an inner net an input port: whatever drove it drives nothing any more."""
        bits = self.net(net)
        renamed = {bit: self._next + index for index, bit in enumerate(bits)}
        self._next += len(bits)
        for cell in self.module["cells"].values():
            for pin, direction in cell["port_directions"].items():
                if direction == "output":
                    connection = cell["connections"][pin]
                    cell["connections"][pin] = [renamed.get(bit, bit) for bit in connection]
        self.module["ports"][port] = {"direction": "input", "bits": list(bits)}

    def write(self, path: Path, name: str = UNIT) -> None:
        """Write the module under a name of its own.

        Block RAM of which there is no model is left out: what it drives becomes arbitrary.
        """
        # Names would clash with those of new ports, but the initial values hang on them.
        nets = [net for net in self.module["netnames"].values() if "init" in net["attributes"]]
        names = {f"$init${index}": {**net, "hide_name": 1} for index, net in enumerate(nets)}
        cells = self.module["cells"].items()
        module = {
            **self.module,
            "netnames": names,
            "attributes": {},
            "cells": {cell: value for cell, value in cells if not _without_model(value["type"])},
        }
        path.write_text(json.dumps({"creator": "consilience", "modules": {name: module}}))


def flat_netlist(
    component: wiring.Component,
    folder: Path,
    *,
    form: Form = Form.RTL,
    registers: str = "",
) -> Netlist:
    """Return a component as one flat module.

    Parameters
    ----------
    component : wiring.Component
        Its members are the ports.
    folder : Path
        Where to work.
    form : Form
        As written, or as built for a family and synthesised; then cells are replaced by Yosys'
        simulation models.
    registers : str
        Memories that become registers, so that an invariant can speak of what is in them: a
        selection of Yosys'. All of them in a synthesised form, if it is not empty.

    Raises
    ------
    ToolFailed
        If the netlist has a cell whose ports no model tells.
    """
    ports = component_ports(component)
    family = _FAMILIES.get(form)
    platform = family.platform if family else None
    text = rtlil.convert(component, name=UNIT, platform=platform, ports=ports, emit_src=False)
    (folder / "unit.il").write_text(text)
    script = ["read_rtlil unit.il", f"hierarchy -top {UNIT}"]
    if family:
        # Block RAM as flip-flops, so that a proof can speak of what is in it.
        memories = " -nobram" if registers else ""
        script += [f"{family.synthesis} -top {UNIT}{memories}", "write_json cells.json"]
        run_yosys(script, folder)
        cells = json.loads((folder / "cells.json").read_text())
        cells["modules"] = {UNIT: cells["modules"][UNIT]}
        (folder / "cells.json").write_text(json.dumps(cells))
        (folder / _MULTIPLIER.name).write_text(_MULTIPLIER.read_text())
        # Deferred: of the hundreds of models only those in use are worth reading.
        script = ["read_json cells.json", f"read_verilog -defer -nooverwrite {_MODELS[form]}"]
        script += [f"hierarchy -top {UNIT}"]
    script += [*FLAT, "memory_collect"]
    if registers:
        script += ["memory_map" if family else f"memory_map {registers}"]
    script += ["opt_clean"]
    # Words of a memory that do not exist are undriven nets.
    script += ["setundef -undriven -zero"]
    run_yosys([*script, "write_json unit.json"], folder)
    module = json.loads((folder / "unit.json").read_text())["modules"][UNIT]
    kinds = {c["type"] for c in module["cells"].values() if "port_directions" not in c}
    if kinds:
        raise ToolFailed(f"{form.value} of {component!r}: no model of {', '.join(sorted(kinds))}")
    return Netlist(module, form)


def _without_model(kind: str) -> bool:
    """Return whether a cell of a flat module is no cell of Yosys' own: a black box."""
    return not kind.startswith("$") or kind.startswith("$paramod")
