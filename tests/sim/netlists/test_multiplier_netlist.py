"""Netlists with multipliers of the ECP5: every mantissa, and sums of packets."""

import numpy as np
import pytest

from consilience_hw.exp2.exp2 import Exp2
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.compiled import StreamSimulation, log_sums_of
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import emit_rtlil
from consilience_sim.compiled.log_sum_exp_simulation import log_sum_exp_design
from consilience_sim.compiled.plain_streams import with_plain_streams
from consilience_sim.netlists import Family, netlist_of

LANES = 2


@pytest.mark.slow
def test_every_mantissa(record_property):
    """Two lanes with fractions of their own in each beat: all 65,536 in each lane."""
    design = Design(lambda platform: emit_rtlil(with_plain_streams(Exp2(Q16_16, LANES)), platform))
    netlist = netlist_of(design, Family.ECP5, name="Exp2")
    assert netlist.area["DSP"] == LANES
    fractions = np.arange(65536)[:, np.newaxis] * [1, 40503] % 65536
    # A lane is a code of 32 bits and its presence; two are 66 bits.
    present = 1 << 32
    whole = [int(a) | present | (int(b) | present) << 33 for a, b in fractions]
    beats = np.frombuffer(b"".join(one.to_bytes(9, "little") for one in whole), np.uint8)
    with StreamSimulation(netlist.design, name="netlist of Exp2") as simulation:
        outputs, accepted, produced = simulation.run(
            beats.reshape(-1, 9), 65536, max_cycles=70_000, extra_cycles=20
        )
    assert (produced - accepted == Exp2.latency).all()
    # A term is a mantissa of 25 bits, a position of 16, and its presence.
    terms = [int.from_bytes(row.tobytes(), "little") for row in outputs]
    mantissas = golden.mantissas(Q16_16)
    for lane in range(LANES):
        found = np.array([term >> 42 * lane & (1 << 25) - 1 for term in terms])
        assert (found == mantissas[fractions[:, lane]]).all()
    record_property("claim", "the ECP5 netlist of Exp2 gives every mantissa, in multipliers")
    record_property("cases", LANES * 65536)


@pytest.mark.slow
def test_sums(record_property):
    netlist = netlist_of(log_sum_exp_design(1), Family.ECP5, name="LogSumExp")
    assert netlist.area["DSP"] == 9
    random = np.random.default_rng(5)
    codes = random.integers(-(1 << 22), 1 << 22, 8_000, dtype=np.int32)
    offsets = np.concatenate([[0], np.sort(random.integers(0, 8_001, 1_400)), [8_000]])
    with StreamSimulation(netlist.design, name="netlist of LogSumExp") as simulation:
        found, status = log_sums_of(simulation, 1, codes, offsets, gaps=0.1, stalls=0.1, scatter=1)
    right, flags = golden.log_sums(codes, offsets)
    assert (found == right).all()
    assert (status == flags).all()
    record_property("claim", "the ECP5 netlist of LogSumExp gives the golden sums with pauses")
    record_property("cases", len(right))
