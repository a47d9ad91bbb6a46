"""`product` against Python's, of every kind of width."""

import random

import pytest
from amaranth.hdl import Const, Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.primitives.pipeline import delayed, flow
from consilience_hw.primitives.product import product, product_latency
from consilience_sim.testing.stream_bench import bits_of, run_stream

EXHAUSTIVE_BITS = 10


class Multiplier(wiring.Component):
    """``a * b``; with `constant` instead of a."""

    def __init__(self, a_bits, b_bits, constant=None):
        self.constant = constant
        self.latency = product_latency(b_bits)
        factors = {"a": unsigned(a_bits), "b": unsigned(b_bits)}
        super().__init__(
            {
                "i": In(flow(data.StructLayout(factors))),
                "o": Out(flow(unsigned(a_bits + b_bits))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        a = self.i.p.a if self.constant is None else Const(self.constant, len(self.i.p.a))
        m.d.comb += [
            self.o.p.eq(product(m, platform, a, self.i.p.b, "p")),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m


def factors_of(a_bits, b_bits):
    """All pairs, if they are few, or the extreme ones and some."""
    if a_bits + b_bits <= EXHAUSTIVE_BITS:
        return [(a, b) for a in range(1 << a_bits) for b in range(1 << b_bits)]
    choose = random.Random(a_bits << 8 | b_bits)
    ends_a, ends_b = ((0, 1, 1 << bits - 1, (1 << bits) - 1) for bits in (a_bits, b_bits))
    drawn = [(choose.getrandbits(a_bits), choose.getrandbits(b_bits)) for _ in range(300)]
    return [(a, b) for a in ends_a for b in ends_b] + drawn


@pytest.mark.parametrize(
    ("a_bits", "b_bits"),
    [
        *((1, 1), (1, 2), (2, 1), (1, 5), (6, 1), (2, 2), (3, 3), (5, 4), (4, 5), (3, 6)),
        *((7, 7), (19, 6), (9, 8), (8, 9), (41, 13), (13, 40), (48, 15)),
    ],
)
def test_every_width(a_bits, b_bits):
    dut = Multiplier(a_bits, b_bits)
    pairs = factors_of(a_bits, b_bits)
    beats = [bits_of(dut.i.payload.shape(), {"a": a, "b": b}) for a, b in pairs]
    run = run_stream(dut, beats, len(beats))
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {dut.latency}
    assert run.outputs == [a * b for a, b in pairs]


@pytest.mark.parametrize(("constant", "a_bits"), [(0, 1), (1, 1), (0b1011, 4), (0x17154, 17)])
@pytest.mark.parametrize("b_bits", [1, 6, 9])
def test_constants(constant, a_bits, b_bits):
    dut = Multiplier(a_bits, b_bits, constant)
    factors = range(1 << b_bits)
    beats = [bits_of(dut.i.payload.shape(), {"a": 1, "b": b}) for b in factors]
    assert run_stream(dut, beats, len(beats)).outputs == [constant * b for b in factors]
