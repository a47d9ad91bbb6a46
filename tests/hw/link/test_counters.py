"""`Counters`: two sources, clearing, constants."""

import random

from amaranth.hdl import Module, ResetInserter, Signal
from amaranth.sim import Simulator

from consilience_hw.link.counters import IDENTITY, Counters
from consilience_hw.spec.link_map import Counter


def test_additions_from_both_sides_and_reset():
    identity = [0xDEAD_0000 + k for k in range(14)]
    dut = Counters(identity)
    reset = Signal()
    m = Module()
    m.submodules.dut = ResetInserter(reset)(dut)
    choose = random.Random(1)
    session_side = [Counter.FRAMES, Counter.CODES, Counter.RESULTS, Counter.BAD_NONCE]
    receiver_side = [Counter.GAPS, Counter.BAD_CRC, Counter.BAD_FRAMING]

    async def read_all(ctx):
        values = []
        ctx.set(dut.port.add, 1)
        ctx.set(dut.port.amount, 0)
        for index in [*range(len(Counter)), *range(IDENTITY, IDENTITY + 14)]:
            ctx.set(dut.port.index, index)
            await ctx.tick().repeat(3)
            values.append(ctx.get(dut.port.value))
        ctx.set(dut.port.add, 0)
        return values

    async def process(ctx):
        await ctx.tick().repeat(20)
        expected = [0] * len(Counter)
        assert await read_all(ctx) == expected + identity
        recent = [None, None]  # what was added to in the last two cycles
        for _ in range(600):
            drop_valid = choose.random() < 0.7
            reason = choose.choice(receiver_side)
            ctx.set(dut.drop.valid, drop_valid)
            ctx.set(dut.drop.payload, reason)
            index = choose.choice([one for one in session_side if one not in recent])
            amount = choose.randrange(1, 256)
            added = index if choose.random() < 0.5 else None
            ctx.set(dut.port.add, added is not None)
            ctx.set(dut.port.index, index)
            ctx.set(dut.port.amount, amount)
            if added is not None:
                expected[index] += amount
            recent = [recent[1], added]
            while True:
                _, _, ready = await ctx.tick().sample(dut.drop.ready)
                ctx.set(dut.port.add, 0)
                if ready or not drop_valid:
                    break
                recent = [recent[1], None]
            expected[reason] += drop_valid
        ctx.set(dut.drop.valid, 0)
        ctx.set(dut.port.add, 0)
        await ctx.tick().repeat(3)
        assert await read_all(ctx) == expected + identity
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        await ctx.tick().repeat(20)
        assert await read_all(ctx) == [0] * len(Counter) + identity

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(process)
    simulator.run()
