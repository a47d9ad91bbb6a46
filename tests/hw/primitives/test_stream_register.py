"""Registers of streams: order, full rate, latency, and which ways from input to output they cut."""

import random

import pytest
from amaranth.hdl import unsigned
from amaranth.sim import Simulator

from consilience_hw.primitives.stream_register import ReadyRegister, StreamRegister
from consilience_sim.testing.stream_bench import run_stream


@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), (0.4, 0), (0, 0.4), (0.5, 0.5)])
@pytest.mark.parametrize(("unit", "latency"), [(StreamRegister, 1), (ReadyRegister, 0)])
def test_all_come_through_in_order(unit, latency, gaps, stalls):
    choose = random.Random(1)
    beats = [choose.getrandbits(9) for _ in range(300)]
    run = run_stream(unit(unsigned(9)), beats, len(beats), gaps=gaps, stalls=stalls, extra_cycles=5)
    assert run.outputs == beats
    if not stalls:
        assert {out - at for at, out in zip(run.accepted, run.produced, strict=True)} == {latency}
    if not gaps and not stalls:
        assert run.produced[-1] - run.produced[0] == 299


@pytest.mark.parametrize("unit", [StreamRegister, ReadyRegister])
def test_outputs_follow_in_the_next_cycle_only(unit):
    dut = unit(unsigned(4))

    async def process(ctx):
        def seen():
            # What is offered goes through a `ReadyRegister`; readiness does not.
            offered = ctx.get(dut.o.valid) if unit is StreamRegister else 0
            return ctx.get(dut.i.ready), offered

        for valid, ready in [(1, 0), (1, 0), (1, 1), (0, 1), (1, 1), (0, 0)]:
            before = seen()
            ctx.set(dut.i.valid, valid)
            ctx.set(dut.o.ready, ready)
            assert seen() == before
            await ctx.tick()

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(process)
    simulator.run()
