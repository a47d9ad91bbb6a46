"""`ResultBuffer` behind a user that counts: full rate, order, nothing lost, never too many."""

import random
from functools import cache

import pytest
from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.primitives.result_buffer import ResultBuffer
from consilience_sim.testing.stream_bench import StreamBench

WIDTH = 12


class Counted(wiring.Component):
    """A buffer that is given no more than it has places for, as `LogSumExp` sees to.

    Its output is closed for the first cycles.
    """

    latency = ResultBuffer.latency

    def __init__(self, depth, closed=0):
        self.depth, self.closed = depth, closed
        side = stream.Signature(unsigned(WIDTH))
        super().__init__({"i": In(side), "o": Out(side)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.buffer = buffer = ResultBuffer(unsigned(WIDTH), self.depth)
        cycles, opened = Signal(range(self.closed + 1)), Signal()
        m.d.sync += cycles.eq(cycles + ~opened)
        m.d.comb += opened.eq(cycles == self.closed)
        inside = Signal(range(self.depth + 1))
        accepted = self.i.valid & self.i.ready
        m.d.sync += inside.eq(inside + accepted - (self.o.valid & self.o.ready))
        m.d.comb += [
            self.i.ready.eq(inside != self.depth),
            buffer.i.p.eq(self.i.p),
            buffer.i.valid.eq(accepted),
            self.o.p.eq(buffer.o.p),
            self.o.valid.eq(buffer.o.valid & opened),
            buffer.o.ready.eq(self.o.ready & opened),
        ]
        return m


@cache
def bench_of(depth, closed=0):
    return StreamBench(Counted(depth, closed))


def results(count):
    choose = random.Random(count)
    return [choose.getrandbits(WIDTH) for _ in range(count)]


def most_inside(run):
    """The most results that were inside at the end of any cycle."""
    changes = [(cycle, 1) for cycle in run.accepted] + [(cycle, -1) for cycle in run.produced]
    inside = peak = 0
    for _, change in sorted(changes):
        inside += change
        peak = max(peak, inside)
    return peak


def test_full_rate():
    """Depth for a round trip, and no cycle is lost."""
    run = bench_of(8).run(results(200), 200)
    assert run.outputs == results(200)
    assert {b - a for a, b in zip(run.accepted, run.produced, strict=True)} == {Counted.latency}
    assert run.accepted[-1] - run.accepted[0] == 199


@pytest.mark.parametrize("depth", [2, 4, 8, 32])
@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0.5), (0.5, 0), (0.3, 0.3), (0, 0.9), (0.8, 0.8)])
def test_nothing_is_lost_or_turned_round(depth, gaps, stalls):
    run = bench_of(depth).run(
        results(400), 400, gaps=gaps, stalls=stalls, seed=depth, extra_cycles=depth + 8
    )
    assert run.outputs == results(400)
    assert min(b - a for a, b in zip(run.accepted, run.produced, strict=True)) >= Counted.latency


@pytest.mark.parametrize("depth", [2, 4, 16])
def test_a_closed_sink_fills_every_place(depth):
    run = bench_of(depth).run(results(150), 150, stalls=0.97, seed=1, extra_cycles=30)
    assert run.outputs == results(150)
    assert most_inside(run) == depth


def test_a_full_buffer_is_emptied_at_full_rate():
    """Results wait at the output while reads go round."""
    run = bench_of(16, closed=60).run(results(64), 64)
    assert run.outputs == results(64)
    assert run.accepted[:17] == [*range(16), 61], "full, and then no place before one leaves"
    assert run.produced == list(range(60, 60 + 64))
