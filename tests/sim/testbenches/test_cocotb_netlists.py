"""The netlists that synthesis makes, with the cells' models, in the cocotb tests of the RTL."""

import pytest

from consilience_sim.compiled.library import engine_design
from consilience_sim.compiled.log_sum_exp_simulation import log_sum_exp_design
from consilience_sim.netlists import Family, netlist_of


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lanes"), [("log_sum_exp", 1), ("log_sum_exp", 2), ("engine", 1)])
@pytest.mark.parametrize("family", Family, ids=lambda family: family.value)
def test_netlist(cocotb_designs, tmp_path, record_property, family, name, lanes):
    top = cocotb_designs.top(name, lanes)
    is_engine = name == "engine"
    design = engine_design(top.component.config) if is_engine else log_sum_exp_design(lanes)
    netlist = netlist_of(design, family, name=top.name)
    built = cocotb_designs.netlist(f"{top.name}_{family.value}", netlist)
    record_property("claim", f"the cocotb tests of the RTL pass on {top.name}, {family.value}")
    record_property("cocotb tests", built.check(top.module, tmp_path, **top.plusargs))
