"""`MaskedSum`'s carry chain, with yosys' model of its cells, against the generic sum: proved."""

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal

from consilience_hw.primitives import ecp5
from consilience_hw.primitives.masked_sum import masked_sum
from tests.campaigns.verify.formal.yosys import ToolFailed, run_yosys


def prove_equal(a_bits, b_bits, folder):
    """Have the solver look for inputs whose two sums differ; ToolFailed if it finds any."""
    m = Module()
    a, b = Signal(a_bits, name="a"), Signal(b_bits, name="b")
    use_a, use_b, equal = Signal(name="use_a"), Signal(name="use_b"), Signal(name="equal")
    plain = masked_sum(m, None, a, use_a, b, use_b, "plain")
    chain = masked_sum(m, ecp5.Ecp5Fabric(), a, use_a, b, use_b, "chain")
    m.d.comb += equal.eq(plain == chain)
    text = rtlil.convert(m, name="sums", ports=[a, b, use_a, use_b, equal], emit_src=False)
    assert "CCU2C" in text
    (folder / "sums.il").write_text(text)
    models = "-DNO_INCLUDES +/ecp5/common_sim.vh +/ecp5/ccu2c_sim.vh"
    script = ["read_rtlil sums.il", f"read_verilog -defer {models}", "hierarchy -check -top sums"]
    script += ["proc", "flatten", "opt_clean", "sat -verify -prove equal 1 -show-inputs sums"]
    run_yosys(script, folder)


@pytest.mark.parametrize(
    ("a_bits", "b_bits"), [(1, 1), (2, 2), (1, 4), (7, 3), (8, 8), (17, 17), (40, 13)]
)
def test_the_chain_gives_the_sum(a_bits, b_bits, tmp_path):
    prove_equal(a_bits, b_bits, tmp_path)


@pytest.mark.parametrize("row", range(16))
def test_a_wrong_bit_of_the_look_up_table_is_seen(row, tmp_path, monkeypatch):
    monkeypatch.setattr(ecp5, "AND_XOR_AND", ecp5.AND_XOR_AND ^ 1 << row)
    with pytest.raises(ToolFailed, match="proof did fail"):
        prove_equal(3, 2, tmp_path)
