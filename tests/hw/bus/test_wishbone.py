"""`WishboneLogSumExp`: packets through its registers, and all that it must refuse."""

import random

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator

from consilience_hw.bus.wishbone import WishboneLogSumExp
from consilience_hw.spec.log_format import Q16_16, LogFormat
from consilience_hw.spec.register_map import (
    MAGIC,
    MAP_REVISION,
    REGISTERS,
    WINDOW_BYTES,
    Control,
    Interrupt,
    Status,
    register,
)
from consilience_sim import golden

Q8_8 = LogFormat(integer_bits=8, fraction_bits=8, mantissa_bits=16)
MASK = (1 << 32) - 1


class Refused(Exception):
    """The bus answered ERR."""


class Master:
    """Classic cycles, one after the other."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut

    async def access(self, word, data=0, *, we, sel=0xF):
        ctx, dut = self.ctx, self.dut
        given = ((dut.wb_adr, word), (dut.wb_dat_w, data & MASK), (dut.wb_sel, sel))
        for signal, value in ((dut.wb_cyc, 1), (dut.wb_stb, 1), (dut.wb_we, we), *given):
            ctx.set(signal, value)
        for cycle in (1, 2):
            *_, ack, err, read = await ctx.tick().sample(dut.wb_ack, dut.wb_err, dut.wb_dat_r)
            assert (ack | err) == (cycle == 2), "an access takes two cycles"
        ctx.set(dut.wb_stb, 0)
        ctx.set(dut.wb_cyc, 0)
        *_, again = await ctx.tick().sample(dut.wb_ack | dut.wb_err)
        assert not again
        assert not (ack and err)
        if err:
            assert we or read == 0
            raise Refused
        return read

    async def read(self, name):
        return await self.access(register(name).offset // 4, we=0)

    async def write(self, name, value=0, **sel):
        await self.access(register(name).offset // 4, value, we=1, **sel)

    async def packet(self, codes, choose):
        """Its end is with the last code, or alone."""
        joined = bool(codes) and choose.random() < 0.7
        for code in codes[:-1] if joined else codes:
            await self.write("CODE", code)
        await self.write(*(("LAST", codes[-1]) if joined else ("END", choose.getrandbits(32))))

    async def result(self):
        while not await self.read("STATUS") & Status.AVAILABLE:
            pass
        found = await self.read("RESULT"), await self.read("RESULT_STATUS")
        await self.write("NEXT")
        return found


def run(dut, script):
    async def bench(ctx):
        await script(Master(ctx, dut))

    m = Module()
    m.submodules.dut = dut
    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize(("fmt", "serial"), [(Q16_16, False), (Q8_8, False), (Q16_16, True)])
def test_packets(fmt, serial):
    dut = WishboneLogSumExp(fmt, serial=serial)
    choose = random.Random(7 + serial)
    special = (fmt.log_of_zero, fmt.min_code, fmt.max_code, 0, -1)
    packets = [
        [
            choose.choice((*special, choose.randint(fmt.min_code, fmt.max_code)))
            for _ in range(choose.choice((0, 1, 1, 2, 5, 9)))
        ]
        for _ in range(3 if serial else 24)
    ]
    at_once = 1 if serial else 8

    async def script(bus):
        for first in range(0, len(packets), at_once):
            some = packets[first : first + at_once]
            for codes in some:
                await bus.packet(codes, choose)
            for codes in some:
                code, status = golden.log_sum(codes, fmt)
                assert await bus.result() == (code & MASK, status), codes
        assert await bus.read("CODES") == sum(map(len, packets))
        assert await bus.read("PACKETS") == await bus.read("RESULTS") == len(packets)
        assert await bus.read("REFUSALS") == 0
        assert await bus.read("STATUS") == Status.READY

    run(dut, script)


def test_identity():
    dut = WishboneLogSumExp(Q8_8, serial=True)

    async def script(bus):
        assert await bus.read("MAGIC") == MAGIC
        assert await bus.read("VERSION") & 0xFF == MAP_REVISION
        assert await bus.read("FORMAT") == 8 | 8 << 8 | 16 << 16
        assert await bus.read("LATENCY") == dut.latency

    run(dut, script)


def test_what_cannot_be_done_is_refused_and_counted():
    """And changes nothing: the packet around it gives what it would have without."""
    fmt = Q8_8
    dut = WishboneLogSumExp(fmt)
    refused = 0

    async def script(bus):
        async def refuses(access):
            nonlocal refused
            refused += 1
            with pytest.raises(Refused):
                await access
            assert await bus.read("REFUSALS") == refused
            assert await bus.read("STATUS") & Status.REFUSED

        await bus.write("CODE", 5)
        for one in REGISTERS:
            if not one.readable:
                await refuses(bus.read(one.name))
            if not one.writable:
                await refuses(bus.write(one.name, 1))
        for word in range(len(REGISTERS), WINDOW_BYTES // 4):
            await refuses(bus.access(word, we=0))
            await refuses(bus.access(word, we=1))
        for name in ("RESULT", "RESULT_STATUS"):
            await refuses(bus.read(name))
        await refuses(bus.write("NEXT"))
        for none in (fmt.max_code + 1, fmt.log_of_zero - 1, 1 << 31, 0xFFFF):
            await refuses(bus.write("CODE", none))
            await refuses(bus.write("LAST", none))
        for sel in (0, 1, 7, 14):
            await refuses(bus.write("CODE", 1, sel=sel))
        assert await bus.read("CODES") == 1 and await bus.read("PACKETS") == 0
        await bus.write("LAST", -3)
        code, status = golden.log_sum([5, -3], fmt)
        assert await bus.result() == (code & MASK, status)
        await bus.write("CONTROL", Control.FORGIVE)
        assert await bus.read("REFUSALS") == 0
        assert await bus.read("STATUS") == Status.READY

    run(dut, script)
    assert refused > 30


def test_a_full_unit_refuses_and_loses_nothing():
    dut = WishboneLogSumExp(Q8_8)
    unit = dut.registers.unit

    async def script(bus):
        depth = 0
        while await bus.read("STATUS") & Status.READY:
            await bus.write("LAST", depth)
            depth += 1
        assert unit.room < depth <= unit.depth + 2
        for name in ("CODE", "LAST", "END"):
            with pytest.raises(Refused):
                await bus.write(name, 1)
        assert await bus.read("REFUSALS") == 3
        for number in range(depth):
            assert await bus.result() == (number, 0)
        assert await bus.read("CODES") == await bus.read("RESULTS") == depth
        assert await bus.read("STATUS") == Status.READY | Status.REFUSED

    run(dut, script)


def test_reset_and_interrupts():
    dut = WishboneLogSumExp(Q8_8)

    async def script(bus):
        def line():
            return bus.ctx.get(dut.irq)

        await bus.write("INTERRUPTS", Interrupt.AVAILABLE)
        assert await bus.read("INTERRUPTS") == Interrupt.AVAILABLE
        await bus.write("LAST", 7)
        while not await bus.read("STATUS") & Status.AVAILABLE:
            pass
        assert line() and await bus.read("PENDING") == Interrupt.AVAILABLE
        assert await bus.result() == (7, 0)
        assert not line() and await bus.read("PENDING") == 0
        with pytest.raises(Refused):
            await bus.write("NEXT")
        assert not line()
        await bus.write("INTERRUPTS", Interrupt.REFUSED)
        assert line() and await bus.read("PENDING") == Interrupt.REFUSED
        # One packet whose result waits, one on its way, and half a one.
        await bus.write("LAST", 100)
        for _ in range(dut.latency):
            await bus.read("STATUS")
        await bus.write("LAST", 101)
        await bus.write("CODE", 102)
        await bus.write("CONTROL", Control.RESET)
        assert not line()
        assert await bus.read("STATUS") == Status.READY
        for name in ("CODES", "PACKETS", "RESULTS", "REFUSALS", "INTERRUPTS", "PENDING"):
            assert await bus.read(name) == 0
        await bus.write("LAST", 9)
        assert await bus.result() == (9, 0)

    run(dut, script)
