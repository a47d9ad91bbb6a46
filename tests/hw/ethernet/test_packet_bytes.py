"""`PacketBytes`: the bytes of words in order, at any pace of both sides."""

import random

import pytest
from amaranth.sim import Simulator

from consilience_hw.ethernet.packet_bytes import PacketBytes


@pytest.mark.parametrize("pace", [1.0, 0.6])
def test_words_leave_byte_by_byte(pace):
    choose = random.Random(4)
    packets = [choose.randbytes(size) for size in (4, 28, 16, 4)]
    dut, found, cycles = PacketBytes(4), [bytearray()], []

    async def give(ctx):
        port = dut.i
        for packet in packets:
            ctx.set(port.length, len(packet))
            for at in range(0, len(packet), 4):
                while choose.random() > pace:
                    await ctx.tick()
                ctx.set(port.o.p.bytes, int.from_bytes(packet[at : at + 4], "little"))
                ctx.set(port.o.p.last, at + 4 == len(packet))
                ctx.set(port.o.valid, 1)
                await ctx.tick().until(port.o.ready)
                ctx.set(port.o.valid, 0)
                ctx.set(port.o.p.bytes, choose.getrandbits(32))

    async def take(ctx):
        port = dut.packet
        while len(found) <= len(packets):
            ctx.set(port.o.ready, choose.random() < pace)
            sampled = ctx.tick().sample(port.o.valid, port.o.ready, port.o.p, port.length)
            _, _, valid, ready, byte, length = await sampled
            cycles.append(valid and ready)
            if valid and ready:
                found[-1].append(byte.byte)
                if byte.last:
                    assert len(found[-1]) == length
                    found.append(bytearray())

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(give, background=True)
    simulator.add_testbench(take)
    simulator.run()
    assert found[:-1] == packets
    assert pace < 1 or sum(cycles) == len(b"".join(packets)) == len(cycles[cycles.index(True) :])
