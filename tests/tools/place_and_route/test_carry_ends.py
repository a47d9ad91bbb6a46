"""Ends of carry chains: which are freed, and that the design stays the same."""

import copy

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.primitives.masked_sum import masked_sum
from consilience_tools.place_and_route.carry_ends import Ends, free_carry_ends
from tests.campaigns.verify.formal.yosys import ToolFailed
from tests.tools.place_and_route.equal_netlists import ecp5_netlist_in, prove_equal


class Sums(wiring.Component):
    """Chains of odd and even width, with carries in of both kinds, and one whose carry is used."""

    a: In(9)
    b: In(9)
    uses: In(2)
    even: Out(10)
    less: Out(9)
    masked: Out(9)
    before: Out(1)

    def elaborate(self, platform):
        m = Module()
        a, b = self.a[:8], self.b[:8]
        m.d.sync += [
            self.even.eq(self.a + self.b),
            self.less.eq(self.a - self.b),
            self.masked.eq(masked_sum(m, platform, a, self.uses[0], b, self.uses[1], "masked")),
            self.before.eq(a < b),
        ]
        return m


@pytest.fixture(scope="module")
def sums(tmp_path_factory):
    """A folder as `prove_equal` wants it, and the netlist in it."""
    folder = tmp_path_factory.mktemp("sums")
    return folder, ecp5_netlist_in(folder, Sums())


def carries(netlist):
    cells = netlist["modules"]["top"]["cells"].values()
    return [cell for cell in cells if cell["type"] == "CCU2C"]


def test_the_design_does_the_same(sums):
    folder, netlist = sums
    after = copy.deepcopy(netlist)
    done = free_carry_ends(after, "top")
    starts = [cell["connections"]["CIN"] for cell in carries(after)]
    assert done.moved == starts.count(["x"]) >= 2, "a masked sum and a difference"
    assert ["0"] in starts or ["1"] in starts, "a chain of even width has no half to spare"
    assert done.open == sum(cell["connections"]["COUT"] == ["x"] for cell in carries(after)) >= 3
    assert free_carry_ends(after, "top") == Ends(0, 0)
    prove_equal(folder, after)


@pytest.mark.parametrize("constant", ["0", "1"])
def test_the_proof_fails_on_a_wrong_half(sums, constant):
    folder, netlist = sums
    after = copy.deepcopy(netlist)
    before = [cell["connections"]["CIN"] for cell in carries(after)]
    free_carry_ends(after, "top")
    cell = next(
        cell
        for cell, carry in zip(carries(after), before, strict=True)
        if carry == [constant] and cell["connections"]["CIN"] == ["x"]
    )
    table = cell["parameters"]["INIT0"]
    cell["parameters"]["INIT0"] = format(int(table, 2) ^ 0xF, "016b")
    with pytest.raises(ToolFailed, match="proof did fail"):
        prove_equal(folder, after)


def chain(**changes):
    """A chain of two cells with a constant carry in and a free upper half."""
    cells = {}
    for number in range(2):
        wires = {pin: [base + number] for base, pin in enumerate(PINS, 10 * number + 10)}
        wires |= {"CIN": [2] if number else ["0"], "COUT": [3 - number]}
        cells[f"cell_{number}"] = {
            "type": "CCU2C",
            "parameters": {"INIT0": "0" * 16, "INIT1": "0" * 16, **INJECTS},
            "connections": wires,
            "port_directions": {
                pin: "output" if pin in ("S0", "S1", "COUT") else "input" for pin in wires
            },
        }
    cells["cell_0"]["connections"]["COUT"] = [2]
    cells["cell_1"]["connections"]["COUT"] = [3]
    for name, value in changes.items():
        place, pin = name.rsplit("_", 1)
        cells[place]["connections" if pin in wires else "parameters"][pin] = value
    return {"modules": {"top": {"cells": cells, "ports": {}}}}


PINS = ("A0", "B0", "C0", "D0", "S0", "A1", "B1", "C1", "D1", "S1")
INJECTS = {"INJECT1_0": "NO ", "INJECT1_1": "NO "}


def test_a_chain_moves_up_by_a_half():
    netlist = chain()
    wanted = netlist["modules"]["top"]["cells"]["cell_0"]["connections"]["A0"]
    assert free_carry_ends(netlist, "top") == Ends(open=1, moved=1)
    first, second = carries(netlist)
    assert first["connections"]["CIN"] == first["connections"]["S0"] == ["x"]
    assert first["connections"]["A1"] == wanted
    assert second["connections"]["CIN"] == [2], "the chain holds together"


@pytest.mark.parametrize(
    "reader",
    [
        {"output": [3]},  # of the last carry
        {"output": [2]},  # of a carry between
        {"output": "S1"},  # of the upper half of the last cell
    ],
    ids=["last carry", "carry between", "last sum"],
)
def test_a_chain_that_is_read_stays(reader):
    netlist = chain()
    module = netlist["modules"]["top"]
    bits = reader["output"]
    if bits == "S1":
        bits = module["cells"]["cell_1"]["connections"]["S1"]
    module["ports"]["o"] = {"direction": "output", "bits": bits}
    assert free_carry_ends(netlist, "top").moved == 0


def test_a_carry_in_from_a_net_and_an_injected_one_stay():
    assert free_carry_ends(chain(cell_0_CIN=[99]), "top").moved == 0
    injected = chain()
    injected["modules"]["top"]["cells"]["cell_1"]["parameters"]["INJECT1_1"] = "YES"
    assert free_carry_ends(injected, "top").moved == 0
