"""The network side of a device as Verilog, tested with cocotbext-eth at its GMII."""

import pytest

from consilience_hw.benches.udp_bench import UdpEcho
from consilience_hw.spec.network import NetworkAddress


@pytest.mark.slow
def test_udp_port(cocotb_designs, tmp_path, record_property):
    address = NetworkAddress()
    design = cocotb_designs.component("udp_echo", UdpEcho(address))
    told = {"mac": address.mac, "ip": address.ip, "port": address.port}
    record_property("claim", "the cocotb tests of UdpPort pass on its RTL, against cocotbext-eth")
    record_property("cocotb tests", design.check("tb_ethernet", tmp_path, **told))
