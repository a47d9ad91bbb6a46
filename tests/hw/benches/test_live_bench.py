"""The live unit's bench: what it computes is what its model and the golden model say."""

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.benches.live_bench import LiveBench
from consilience_hw.live.live_operation import live_result_layout
from consilience_hw.primitives.pipeline import delayed, flow
from consilience_hw.spec.flags import ResultStatus
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden
from consilience_sim.compiled import StreamSimulation
from consilience_sim.testing.stream_bench import fields_of
from tests.hw.benches.live_bench_model import beats_of_live_bench
from tests.hw.benches.wide_bench_model import RESULT_BITS, signature_of

ROUNDS = 800
SIGNATURE_CYCLES = 2
RESULT = live_result_layout(Q16_16, 1 << 24)


class Observed(wiring.Component):
    """The bench as a stream: each result, and the signature of all results up to it."""

    def __init__(self):
        self.bench = LiveBench()
        self.layout = data.StructLayout({"result": RESULT, "signature": RESULT_BITS})
        super().__init__({"i": In(flow(1)), "o": Out(flow(self.layout))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.bench = bench = self.bench
        late = delayed(m, bench.unit.o.p, SIGNATURE_CYCLES, "result")
        m.d.comb += [
            self.o.p.result.eq(late),
            self.o.p.signature.eq(bench.sink.value),
            self.o.valid.eq(delayed(m, bench.unit.o.valid, SIGNATURE_CYCLES, "valid", reset=True)),
        ]
        return m


@pytest.mark.slow
def test_results_and_signature_are_those_of_the_model():
    model = golden.LiveModel()
    expected = []
    for kind, code in beats_of_live_bench(ROUNDS):
        if kind == "read":
            expected.append(model.read())
        else:
            {"add": model.add, "remove": model.remove}[kind](code)
    observed = Observed()
    layout = observed.layout
    with StreamSimulation(observed, name="bench of the live unit") as simulation:
        nothing = np.empty((0, 1), dtype=np.uint8)
        outputs, _, _ = simulation.run(nothing, len(expected), max_cycles=20_000)
    folded, marked = [], 0
    for output, wanted in zip(outputs, expected, strict=True):
        found = fields_of(layout, int.from_bytes(output, "little"))
        result = found.result
        hard = bool(result.status & ResultStatus.HARD_TO_ROUND)
        marked += hard
        assert abs(result.code - wanted.code) <= hard
        assert (result.count, result.zeros) == (wanted.finite, wanted.zeros)
        assert result.status & ~ResultStatus.HARD_TO_ROUND == wanted.status
        counts = result.count ^ result.count >> 16 ^ result.zeros
        status = result.status ^ counts & 0xFF ^ counts >> 8 & 0xFF
        folded.append(status << 32 | result.code & 0xFFFF_FFFF)
        assert found.signature == signature_of(folded)
    assert len(set(folded)) > 200, "results that differ"
    assert marked < 3
