"""`Engine` as Verilog, tested through its link bytes with cocotb."""

from dataclasses import asdict

import pytest

from consilience_hw.engine.engine import Engine
from consilience_hw.spec.engine_config import EngineConfig

CONFIGS = {
    "small": EngineConfig(lanes=1, hypotheses=3, weights=False, credits=2, largest_payload=256),
    "wide": EngineConfig(lanes=8),
}
PLUSARGS = ("lanes", "hypotheses", "weights", "credits", "largest_payload")


@pytest.mark.parametrize("name", ["small", pytest.param("wide", marks=pytest.mark.slow)])
def test_engine(cocotb_designs, tmp_path, record_property, name):
    config = CONFIGS[name]
    design = cocotb_designs.design(f"engine_{name}", Engine(config))
    parameters = {key: value for key, value in asdict(config).items() if key in PLUSARGS}
    record_property("claim", f"the cocotb tests of Engine pass on its RTL, {name}")
    record_property("cocotb tests", design.check("tb_engine", tmp_path, **parameters))
