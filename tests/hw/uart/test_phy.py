"""`UartPhy` as an echo: at full rate, of the same baud rate, nothing is lost."""

from fractions import Fraction

import pytest
from amaranth.hdl import Module
from amaranth.lib.wiring import connect
from amaranth.sim import Simulator

from consilience_hw.uart import UartPhy
from tests.hw.uart.conftest import RATES, Line, decoded, some_bytes


@pytest.mark.parametrize(("clock_hz", "baud"), RATES)
def test_an_echo_at_full_rate(clock_hz, baud):
    data = some_bytes(150 if clock_hz == 12_000_000 else 30, seed=5)
    cycles_per_bit = Fraction(clock_hz, baud)
    line = Line()
    line.idle(3)
    for byte in data:
        line.send(byte)
    line.idle(15)
    dut = UartPhy(clock_hz, baud)
    m = Module()
    m.submodules.dut = dut
    connect(m, dut.received, dut.to_send)
    levels, errors = [], []

    async def bench(ctx):
        for level in line.levels(cycles_per_bit, Fraction(1, 2)):
            ctx.set(dut.rx, level)
            _, _, out, error = await ctx.tick().sample(dut.tx, dut.error)
            levels.append(out)
            errors.append(error)

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert bytes(byte for byte, _ in decoded(levels, cycles_per_bit)) == data
    assert not any(errors)
