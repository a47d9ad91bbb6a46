"""The very file that is exported, synthesised for each fabric and simulated from its cells."""

import pytest

from consilience_sim.compiled import StreamSimulation, log_sums_of
from consilience_sim.compiled.emission import emit_rtlil
from consilience_sim.netlists.axi_shell import AxiShell
from consilience_sim.netlists.fabric import PARTS, Fabric
from consilience_sim.netlists.module_netlist import synthesised_module
from consilience_sim.reference.vectors import SHORT, results_digest, vector_set
from consilience_tools.export.core import Core
from consilience_tools.export.files import core_verilog
from tests.campaigns.verify.digests import SHORT_DIGEST
from tests.campaigns.verify.implementations import decided

TABLES = {
    Fabric.GENERIC: "memories",
    Fabric.ECP5: "block RAMs",
    Fabric.XILINX: "block RAMs",
    Fabric.GOWIN: "block RAMs",
}


@pytest.mark.slow
@pytest.mark.parametrize("fabric", Fabric, ids=lambda fabric: fabric.value)
def test_every_fabric_gives_the_one_digest(fabric, record_property):
    """Of the first packets of the fixed set: the digest that is pinned for every implementation."""
    core = Core(1, fabric=fabric)
    netlist = synthesised_module(core_verilog(core), core.name, fabric)
    counted = fabric.counted(netlist.cells)
    assert counted[TABLES[fabric]]
    codes, offsets = vector_set()
    offsets = offsets[: SHORT + 1]
    codes = codes[: offsets[-1]]
    shell = emit_rtlil(AxiShell(core.name, core.lanes))
    with StreamSimulation(netlist.in_shell(shell), name=f"netlist of {core.name}") as cells:
        found, status = log_sums_of(cells, core.lanes, codes, offsets, gaps=0.1, stalls=0.1)
    assert results_digest(*decided(found, status, codes, offsets)) == SHORT_DIGEST
    record_property("claim", f"the file exported for {fabric.value}, as cells: the short digest")
    record_property("cases", SHORT)


def test_cells_are_counted_by_kind():
    """Each once, also where a name begins like another's; what is of no kind is not lost."""
    cells = {"LUT4": 3, "LUT1": 2, "SRL16E": 5, "SPX9": 4, "DFFE": 7, "$mem_v2": 6, "INV": 8}
    counted = Fabric.XILINX.counted(cells)
    assert counted == {
        "look-up tables": {"LUT1": 2, "LUT4": 3},
        "flip-flops": {"DFFE": 7},
        "shift registers": {"SRL16E": 5},
        "block RAMs": {"SPX9": 4},
        "memories": {"$mem_v2": 6},
        "others": {"INV": 8},
    }
    assert list(counted) == [kind for kind in (*PARTS, "others") if kind in counted]
