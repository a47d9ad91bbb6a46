"""The netlists that synthesis makes, with the cells' models, in the cocotb tests of the RTL."""

from dataclasses import asdict

import pytest

from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.compiled.library import engine_design
from consilience_sim.compiled.log_sum_exp_simulation import log_sum_exp_design
from consilience_sim.netlists import Family, netlist_of

CONFIG = EngineConfig(lanes=1, hypotheses=3, weights=False, credits=2, largest_payload=256)
PLUSARGS = ("lanes", "hypotheses", "weights", "credits", "largest_payload")
NETLISTS = {
    "log_sum_exp_1": (log_sum_exp_design(1), "tb_log_sum_exp", {"lanes": 1}),
    "log_sum_exp_2": (log_sum_exp_design(2), "tb_log_sum_exp", {"lanes": 2}),
    "engine_small": (
        engine_design(CONFIG),
        "tb_engine",
        {key: value for key, value in asdict(CONFIG).items() if key in PLUSARGS},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETLISTS)
@pytest.mark.parametrize("family", Family, ids=lambda family: family.value)
def test_netlist(cocotb_designs, tmp_path, record_property, family, name):
    design, module, plusargs = NETLISTS[name]
    netlist = netlist_of(design, family, name=name)
    built = cocotb_designs.netlist(f"{name}_{family.value}", netlist)
    record_property("claim", f"the cocotb tests of the RTL pass on {name}, {family.value}")
    record_property("cocotb tests", built.check(module, tmp_path, **plusargs))
