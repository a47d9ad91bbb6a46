"""`masked_sum` against Python's sums, and what it asks of a platform."""

import pytest
from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.primitives.masked_sum import masked_sum
from consilience_hw.primitives.pipeline import flow
from consilience_sim.testing.stream_bench import bits_of, run_stream


class Adder(wiring.Component):
    def __init__(self, a_bits, b_bits):
        terms = {"a": unsigned(a_bits), "use_a": 1, "b": unsigned(b_bits), "use_b": 1}
        super().__init__(
            {
                "i": In(flow(data.StructLayout(terms))),
                "o": Out(flow(unsigned(max(a_bits, b_bits) + 1))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        i = self.i.p
        m.d.comb += [
            self.o.p.eq(masked_sum(m, platform, i.a, i.use_a, i.b, i.use_b, "sum")),
            self.o.valid.eq(self.i.valid),
        ]
        return m


@pytest.mark.parametrize(("a_bits", "b_bits"), [(1, 1), (1, 4), (4, 1), (3, 4), (5, 3)])
def test_every_sum(a_bits, b_bits):
    dut = Adder(a_bits, b_bits)
    inputs = [
        {"a": a, "use_a": use_a, "b": b, "use_b": use_b}
        for a in range(1 << a_bits)
        for b in range(1 << b_bits)
        for use_a in range(2)
        for use_b in range(2)
    ]
    beats = [bits_of(dut.i.payload.shape(), terms) for terms in inputs]
    run = run_stream(dut, beats, len(beats))
    assert run.accepted == run.produced
    assert run.outputs == [t["a"] * t["use_a"] + t["b"] * t["use_b"] for t in inputs]


def test_a_platform_is_asked():
    class Fabric:
        @staticmethod
        def masked_sum(total, a, use_a, b, use_b):
            asked.append((len(total), len(a), len(b)))
            return Module()

    asked = []
    masked_sum(Module(), Fabric(), Signal(3), Signal(), Signal(5), Signal(), "sum")
    assert asked == [(6, 3, 5)]
