"""The monitor's bench: of what its source gives, the results are golden, and so the signature."""

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.benches.monitor_bench import MonitorBench
from consilience_hw.primitives.pipeline import delayed, flow
from consilience_hw.spec.monitor_format import MonitorMode, Policy
from consilience_sim.compiled import StreamSimulation
from consilience_sim.testing.stream_bench import fields_of
from tests.hw.benches.wide_bench_model import RESULT_BITS, signature_of
from tests.hw.monitor.monitor_script import BEGIN, PROVISIONAL, UPDATE, WRITE, MonitorScript

COMPONENTS, AGENTS = 2, 32
EVENTS = 4_000
SIGNATURE_CYCLES = 2


class Observed(wiring.Component):
    """The bench as a stream: what the unit took, what it gave, and the signature up to it."""

    def __init__(self):
        self.bench = MonitorBench(COMPONENTS, AGENTS)
        unit = self.bench.unit
        self.layout = data.StructLayout(
            {
                "takes": 1,
                "beat": unit.i.p.shape(),
                "gives": 1,
                "result": unit.o.p.shape(),
                "signature": RESULT_BITS,
            }
        )
        super().__init__({"i": In(flow(1)), "o": Out(flow(self.layout))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.bench = bench = self.bench
        unit = bench.unit
        takes, gives = unit.i.valid & unit.i.ready, unit.o.valid
        m.d.comb += [
            self.o.p.takes.eq(delayed(m, takes, SIGNATURE_CYCLES, "takes", reset=True)),
            self.o.p.beat.eq(delayed(m, unit.i.p, SIGNATURE_CYCLES, "beat")),
            self.o.p.gives.eq(delayed(m, gives, SIGNATURE_CYCLES, "gives", reset=True)),
            self.o.p.result.eq(delayed(m, unit.o.p, SIGNATURE_CYCLES, "result")),
            self.o.p.signature.eq(bench.sink.value),
            self.o.valid.eq(delayed(m, takes | gives, SIGNATURE_CYCLES, "valid", reset=True)),
        ]
        return m


def follow(script, beat):
    """Let the model do what a beat says."""
    kind, agent = beat.operation, int(beat.agent)
    numbers = [int(one) for one in beat.increments]
    if kind is BEGIN:
        script.model.mode, script.model.policy = MonitorMode(beat.mode), Policy(beat.policy)
        script.model.weights = numbers
        script.model.threshold = (beat.count ^ 1 << 31) - (1 << 31)
        script.model.agents.clear()
    elif kind is WRITE:
        script.write(agent, numbers, int(beat.count), int(beat.flags))
    else:
        assert kind in (UPDATE, PROVISIONAL)
        there = beat.word <= COMPONENTS
        script.update(agent, numbers, commit=kind is UPDATE, word=int(beat.word) if there else 0)
        if not there:
            # There is no such word: whatever comes will do.
            script.expected[-1] = (*script.expected[-1][:-1], None)


@pytest.mark.slow
def test_results_and_signature_are_those_of_the_model():
    observed = Observed()
    script = MonitorScript(MonitorMode.RESTART, [0] * COMPONENTS, 0, agents=AGENTS)
    with StreamSimulation(observed, name="bench of the monitor") as simulation:
        nothing = np.empty((0, 1), dtype=np.uint8)
        outputs, _, _ = simulation.run(nothing, EVENTS, max_cycles=200_000)
    found, folded = [], []
    kinds = set()
    for output in outputs:
        event = fields_of(observed.layout, int.from_bytes(output, "little"))
        if event.takes:
            follow(script, event.beat)
            kinds.add(event.beat.operation)
        if event.gives:
            result = event.result
            names = ("agent", "statistic", "alarm", "flags", "word")
            found.append(tuple(int(getattr(result, name)) for name in names))
            rest = result.word | result.agent << 32 | result.alarm << 37 | result.flags << 38
            status = 0
            while rest:
                status, rest = status ^ rest & 0xFF, rest >> 8
            folded.append(status << 32 | result.statistic & 0xFFFF_FFFF)
            assert event.signature == signature_of(folded)
    for one, wanted in zip(found, script.expected, strict=False):
        assert one == wanted or (wanted[-1] is None and one[:-1] == wanted[:-1])
    assert len(found) > EVENTS // 3 and len(set(folded)) > 150
    assert kinds == {BEGIN, UPDATE, PROVISIONAL, WRITE}
