"""`code_sum` against the golden model, at every border."""

import itertools

from amaranth.hdl import Module, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.monitor.code_sum import CODE_SUM_LATENCY, code_sum
from consilience_hw.primitives.pipeline import delayed, flow
from consilience_sim.golden.log_add import added
from consilience_sim.testing.stream_bench import bits_of, fields_of, run_stream
from tests.hw.monitor.monitor_script import MAX, SPECIAL, ZERO

PAIR = data.StructLayout({"a": signed(32), "b": signed(32)})
SUM = data.StructLayout({"code": signed(32), "cut": 1})


class Summed(wiring.Component):
    def __init__(self):
        super().__init__({"i": In(flow(PAIR)), "o": Out(flow(SUM))})

    def elaborate(self, platform):
        m = Module()
        code, cut = code_sum(m, self.i.p.a, self.i.p.b, "sum")
        valid = delayed(m, self.i.valid, CODE_SUM_LATENCY, "valid", reset=True)
        m.d.comb += [self.o.p.code.eq(code), self.o.p.cut.eq(cut), self.o.valid.eq(valid)]
        return m


def test_every_border():
    codes = [*SPECIAL, MAX // 2, MAX // 2 + 1, ZERO // 2, ZERO // 2 - 1, -5, 77_777]
    pairs = list(itertools.product(codes, codes))
    beats = [bits_of(PAIR, {"a": a, "b": b}) for a, b in pairs]
    run = run_stream(Summed(), beats, len(beats))
    assert {out - taken for taken, out in zip(run.accepted, run.produced, strict=True)} == {2}
    for (a, b), bits in zip(pairs, run.outputs, strict=True):
        found = fields_of(SUM, bits)
        assert (found.code, found.cut) == added(a, b), (a, b)
    assert {added(a, b)[1] for a, b in pairs} == {False, True}
