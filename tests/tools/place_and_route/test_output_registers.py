"""Registers moved into block RAMs: when, when not, and that the design stays the same."""

import copy
import json

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.primitives.table import Table
from consilience_tools.place_and_route.output_registers import Moved, use_ram_output_registers
from tests.campaigns.verify.formal.yosys import ToolFailed
from tests.tools.place_and_route.equal_netlists import ecp5_netlist_in, prove_equal

CLOCK, WORD, LATER = 2, 3, 4


def ram(**changes):
    """A block RAM whose bit DOA0 is net `WORD`; the other outputs are not used."""
    parameters = {
        "DATA_WIDTH_A": "010010",
        "DATA_WIDTH_B": "010010",
        "REGMODE_A": "NOREG",
        "REGMODE_B": "NOREG",
        "CLKAMUX": "CLKA",
        "CLKBMUX": "CLKB",
        "GSR": "DISABLED",
    }
    connections = {
        "CLKA": [CLOCK],
        "CEA": ["1"],
        "OCEA": ["1"],
        "RSTA": ["0"],
        "CLKB": ["0"],
        "CEB": ["0"],
        "OCEB": ["1"],
        "RSTB": ["0"],
        "DOA0": [WORD],
        "DOA1": [9],
        "DOB0": [],
    }
    return cell("DP16KD", parameters, connections, changes)


def register(**changes):
    """A flip-flop behind it, as yosys maps a register without reset and enable."""
    parameters = {
        "CEMUX": "1 ",
        "CLKMUX": "CLK",
        "GSR": "DISABLED",
        "LSRMUX": "LSR",
        "REGSET": "RESET",
    }
    connections = {"CLK": [CLOCK], "DI": [WORD], "LSR": ["0"], "Q": [LATER]}
    return cell("TRELLIS_FF", parameters, connections, changes)


def cell(kind, parameters, connections, changes):
    """A cell with some parameters and connections changed; None takes one away."""
    for name, value in changes.items():
        place = connections if isinstance(value, list) or name in connections else parameters
        place[name] = value
        if value is None:
            del place[name]
    directions = {
        port: "output" if port.startswith("DO") or port == "Q" else "input" for port in connections
    }
    return {
        "type": kind,
        "parameters": parameters,
        "attributes": {},
        "port_directions": directions,
        "connections": connections,
    }


def netlist(memory, flip_flop, **more):
    ports = {
        "clk": {"direction": "input", "bits": [CLOCK]},
        "out": {"direction": "output", "bits": [LATER]},
    }
    cells = {"memory": memory, "flip_flop": flip_flop, **more}
    return {"modules": {"top": {"ports": ports, "cells": cells}}}


@pytest.mark.parametrize(
    ("memory", "flip_flop"),
    [
        (ram(), register()),
        (ram(), register(LSR=None)),
        (ram(), register(CEMUX="CE", CE=["1"])),
        (ram(CLKAMUX="INV"), register(CLKMUX="INV")),
        (ram(REGMODE_B="OUTREG"), register()),
        (ram(DATA_WIDTH_B=9), register()),
    ],
    ids=["plain", "reset left open", "enabled for ever", "falling edge", "other side", "narrow"],
)
def test_a_register_that_only_delays_is_moved(memory, flip_flop):
    design = netlist(memory, flip_flop)
    assert use_ram_output_registers(design, "top") == Moved(ports=1, registers=1)
    (left,) = design["modules"]["top"]["cells"].values()
    assert left["connections"]["DOA0"] == [LATER]
    assert left["parameters"]["REGMODE_A"] == "OUTREG"


@pytest.mark.parametrize(
    ("memory", "flip_flop"),
    [
        (ram(), register(CLK=[8])),
        (ram(), register(CLKMUX="INV")),
        (ram(), register(CEMUX="CE", CE=[8])),
        (ram(), register(CEMUX="CE")),
        (ram(), register(CEMUX="INV", CE=["0"])),
        (ram(), register(LSR=[8])),
        (ram(), register(LSR=["1"])),
        (ram(), register(LSR=["x"])),
        (ram(), register(LSRMUX="INV")),
        (ram(), register(REGSET="SET")),
        (ram(), register(GSR="ENABLED")),
        (ram(), register(GSR=None)),
        (ram(), register(M=[8])),
        (ram(), register(DI=[8], M=[WORD])),
        (ram(CEA=[8]), register()),
        (ram(CEA=["0"]), register()),
        (ram(CEAMUX="INV"), register()),
        (ram(OCEA=[8]), register()),
        (ram(OCEA=["0"]), register()),
        (ram(OCEAMUX="INV"), register()),
        (ram(RSTA=[8]), register()),
        (ram(RSTA=["x"]), register()),
        (ram(RSTAMUX="INV"), register()),
        (ram(CLKAMUX="CLKB"), register()),
        (ram(GSR="ENABLED"), register()),
        (ram(REGMODE_A="OUTREG"), register()),
        (ram(DATA_WIDTH_A="0100100"), register()),
        (ram(DATA_WIDTH_B="0100100"), register()),
    ],
)
def test_any_other_stays(memory, flip_flop):
    design = netlist(memory, flip_flop)
    before = copy.deepcopy(design)
    assert use_ram_output_registers(design, "top") == Moved(ports=0, registers=0)
    assert design == before


def test_a_register_to_be_kept_stays():
    design = netlist(ram(), register())
    design["modules"]["top"]["cells"]["flip_flop"]["attributes"]["keep"] = "00001"
    assert use_ram_output_registers(design, "top").ports == 0


def lut(net):
    return cell("LUT4", {}, {"A": [net], "Z": [11]}, {})


@pytest.mark.parametrize(
    "more",
    [
        {"reader": lut(WORD)},
        {"reader": register(Q=[12])},
        {"reader": lut(9)},
        {"reader": register(DI=[9], Q=[12], LSR=[8])},
    ],
    ids=["logic reads it", "two registers read it", "logic reads the other bit", "other is reset"],
)
def test_all_bits_of_a_port_or_none(more):
    design = netlist(ram(), register(), **more)
    assert use_ram_output_registers(design, "top").ports == 0
    assert len(design["modules"]["top"]["cells"]) == 3


def test_a_bit_that_is_a_pin_stays():
    design = netlist(ram(), register())
    design["modules"]["top"]["ports"]["word"] = {"direction": "output", "bits": [WORD]}
    assert use_ram_output_registers(design, "top").ports == 0


class Squares(wiring.Component):
    """Two reads of a table whose registers can be moved; a third whose word is used at once."""

    first: In(4)
    second: In(4)
    words: Out(18)
    sums: Out(18)

    def elaborate(self, platform):
        m = Module()
        table = Table(m, platform, "squares", [n * n * 301 % 2**17 + 2**17 for n in range(16)])
        words = table.read(m, self.first), table.read(m, self.second)
        later = Signal(18)
        m.d.sync += later.eq(words[1])
        m.d.comb += [self.words.eq(words[0]), self.sums.eq(later ^ words[1])]
        return m


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    """A folder with a netlist, `before.json`, and the cells' models."""
    folder = tmp_path_factory.mktemp("squares")
    ecp5_netlist_in(folder, Squares())
    return folder


def test_the_design_does_the_same(squares):
    design = json.loads((squares / "before.json").read_text())
    moved = use_ram_output_registers(design, "top")
    assert moved.ports == 2
    assert moved.registers >= 32, "two words but for what is constant"
    prove_equal(squares, design)


@pytest.mark.parametrize("fault", ["NOREG", "bits"])
def test_the_proof_fails_on_a_fault(squares, fault):
    design = json.loads((squares / "before.json").read_text())
    use_ram_output_registers(design, "top")
    (memory,) = [one for one in cells_of(design) if one["type"] == "DP16KD"]
    if fault == "NOREG":
        memory["parameters"]["REGMODE_A"] = "NOREG"
    else:
        pins = memory["connections"]
        pins["DOA1"], pins["DOA2"] = pins["DOA2"], pins["DOA1"]
    with pytest.raises(ToolFailed, match="proof did fail"):
        prove_equal(squares, design)


def cells_of(design):
    return design["modules"]["top"]["cells"].values()
