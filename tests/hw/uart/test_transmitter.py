"""`UartTransmitter`: its bits by their own timing, and not a cycle more than ten per byte."""

import random
from fractions import Fraction

import pytest
from amaranth.sim import Simulator

from consilience_hw.uart.bit_rate import BitRate
from consilience_hw.uart.transmitter import UartTransmitter
from tests.hw.uart.conftest import RATES, decoded, some_bytes


def transmit(data, clock_hz, baud, pause=lambda: 0):
    """Return the line, a level per cycle."""
    dut = UartTransmitter(BitRate(clock_hz, baud))
    levels, done = [], []

    async def source(ctx):
        for byte in data:
            if cycles := pause():
                await ctx.tick().repeat(cycles)
            ctx.set(dut.i.payload, byte)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
        await ctx.tick().repeat(int(12 * clock_hz / baud))
        done.append(True)

    async def sink(ctx):
        while not done:
            _, _, level = await ctx.tick().sample(dut.pin)
            levels.append(level)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(source)
    simulator.add_testbench(sink, background=True)
    simulator.run()
    return levels


@pytest.mark.parametrize(("clock_hz", "baud"), RATES)
def test_back_to_back(clock_hz, baud):
    """Every byte begins ten bits after the one before, to the cycle, however many there are."""
    data = some_bytes(30, seed=1)
    cycles_per_bit = Fraction(clock_hz, baud)
    found = decoded(transmit(data, clock_hz, baud), cycles_per_bit)
    assert bytes(byte for byte, _ in found) == data
    first = found[0][1]
    for number, (_, start) in enumerate(found):
        assert abs(start - first - 10 * cycles_per_bit * number) <= 1


@pytest.mark.parametrize(("clock_hz", "baud"), RATES)
def test_with_pauses(clock_hz, baud):
    choose = random.Random(3)
    data = some_bytes(15, seed=2)
    levels = transmit(data, clock_hz, baud, pause=lambda: choose.randrange(40))
    assert bytes(byte for byte, _ in decoded(levels, Fraction(clock_hz, baud))) == data
