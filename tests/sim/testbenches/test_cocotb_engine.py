"""`Engine` as Verilog, tested through its link bytes with cocotb."""

import pytest


@pytest.mark.parametrize("lanes", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_engine(cocotb_designs, tmp_path, record_property, lanes):
    design = cocotb_designs.toplevel("engine", lanes)
    record_property("claim", f"the cocotb tests of Engine pass on its RTL, {lanes} lanes")
    record_property("cocotb tests", design.check(tmp_path))
