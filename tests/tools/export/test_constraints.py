"""The constraints of exported cores."""

import pytest

from consilience_sim.netlists.fabric import Fabric
from consilience_tools.export.constraints import constraint_files
from consilience_tools.export.core import Core
from consilience_tools.export.register_core import Bus, RegisterCore
from consilience_tools.export.register_files import register_companions


@pytest.mark.parametrize("fabric", Fabric, ids=lambda fabric: fabric.value)
def test_one_clock_at_the_port_that_is_there(fabric):
    core = Core(1, small=True, fabric=fabric)
    assert "aclk" in {port.name for port in core.ports}
    files = constraint_files(core.name, "aclk", fabric)
    for name, text in files.items():
        commands = [line for line in text.splitlines() if not line.startswith("#")]
        assert name.startswith(core.name)
        if name.endswith(".lpf"):
            assert commands == ['FREQUENCY PORT "aclk" 100 MHZ;']
        else:
            assert commands == ["create_clock -name aclk -period 10.000 [get_ports aclk]"]
    endings = {name.rpartition(".")[2] for name in files}
    assert endings >= {"xdc" if fabric is Fabric.XILINX else "sdc"}


def test_a_core_on_wishbone_has_another_clock():
    core = RegisterCore(Bus.WISHBONE, small=True)
    assert "[get_ports clk]" in register_companions(core)[f"{core.name}.sdc"]
