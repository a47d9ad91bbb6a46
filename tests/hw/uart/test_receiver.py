"""`UartReceiver` against an ideal sender in continuous time."""

import random
from fractions import Fraction

import pytest
from amaranth.sim import Simulator

from consilience_hw.uart.bit_rate import BitRate
from consilience_hw.uart.receiver import GAP_BYTES, UartReceiver
from tests.hw.uart.conftest import RATES, Line, some_bytes

LONG_SILENCE = pytest.param(600, 1, marks=pytest.mark.slow)


def receive(line, clock_hz, baud, *, phase=Fraction(0), taken=True):
    """Return the bytes and how often each strobe came."""
    dut = UartReceiver(BitRate(clock_hz, baud))
    levels = line.levels(Fraction(clock_hz, baud), phase)
    got, strobes = bytearray(), {"gap": 0, "framing_error": 0, "overrun": 0}
    names = list(strobes)

    async def bench(ctx):
        ctx.set(dut.o.ready, taken)
        for level in levels:
            ctx.set(dut.pin, level)
            sampled = await ctx.tick().sample(
                dut.o.valid, dut.o.payload, *(getattr(dut, name) for name in names)
            )
            _, _, valid, byte, *values = sampled
            if valid and taken:
                got.append(byte)
            for name, value in zip(names, values, strict=True):
                strobes[name] += value

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return bytes(got), strobes


@pytest.mark.parametrize(("clock_hz", "baud"), RATES)
@pytest.mark.parametrize("percent", [-3, pytest.param(0, marks=pytest.mark.slow), 3])
def test_back_to_back_from_a_sender_that_is_off(clock_hz, baud, percent):
    """Bits too long or too short by `percent`, without a pause, at several phases of the clock."""
    data = some_bytes(24, seed=percent)
    bit = 1 + Fraction(percent, 100)
    for phase in (Fraction(0), Fraction(9, 10)):
        line = Line()
        line.idle(3)
        for byte in data:
            line.send(byte, bit=bit)
        line.idle(5)
        got, strobes = receive(line, clock_hz, baud, phase=phase)
        assert got == data
        assert strobes == {"gap": 0, "framing_error": 0, "overrun": 0}


@pytest.mark.parametrize(("clock_hz", "baud"), RATES)
def test_a_sender_that_is_far_off_is_noticed(clock_hz, baud, line):
    """The tests above could fail: 15 % too long, and ones turn up in the place of zeros."""
    line.idle(3)
    for byte in bytes(10):
        line.send(byte, bit=Fraction(115, 100))
        line.idle(20)
    got, strobes = receive(line, clock_hz, baud)
    assert got != bytes(10) or strobes["framing_error"]


@pytest.mark.parametrize(("clock_hz", "baud"), RATES)
def test_pauses_of_any_length(clock_hz, baud, line):
    choose = random.Random(7)
    data = some_bytes(20, seed=7)
    for byte in data:
        line.idle(Fraction(choose.randrange(300), 100))
        line.send(byte)
    line.idle(5)
    assert receive(line, clock_hz, baud)[0] == data


@pytest.mark.parametrize(("clock_hz", "baud"), RATES)
def test_framing_errors(clock_hz, baud, line):
    """A byte without a stop bit is lost, and what follows once the line has been idle is not."""
    line.idle(3)
    line.send(0x12)
    line.send(0x34, stop=0)
    line.hold(0, 14)  # a break: longer than a byte
    line.hold(1, 2)
    line.send(0x56)
    line.idle(5)
    got, strobes = receive(line, clock_hz, baud)
    assert got == bytes([0x12, 0x56])
    assert strobes["framing_error"] == 1


@pytest.mark.parametrize(("clock_hz", "baud"), RATES)
def test_a_spike_is_no_start(clock_hz, baud, line):
    line.idle(3)
    line.hold(0, Fraction(2, 10))
    line.hold(1, Fraction(12, 10))
    line.send(0xA5)
    line.idle(3)
    got, strobes = receive(line, clock_hz, baud)
    assert (got, strobes["framing_error"]) == (b"\xa5", 0)


@pytest.mark.parametrize(("clock_hz", "baud"), RATES)
@pytest.mark.parametrize(("bits_of_silence", "gaps"), [(199, 0), (201, 1), LONG_SILENCE])
def test_a_gap_is_told_once_and_not_a_byte_early(clock_hz, baud, bits_of_silence, gaps, line):
    line.send(1)
    line.idle(bits_of_silence)
    line.send(2)
    line.idle(3)
    got, strobes = receive(line, clock_hz, baud)
    assert (got, strobes["gap"]) == (b"\1\2", gaps)
    assert GAP_BYTES == 20


def test_a_long_gap_is_told_once(line):
    line.send(1)
    line.idle(600)
    got, strobes = receive(line, 12_000_000, 3_000_000)
    assert (got, strobes["gap"]) == (b"\1", 1)


def test_a_byte_that_nobody_takes_is_told(line):
    line.idle(3)
    for byte in b"abc":
        line.send(byte)
    line.idle(3)
    assert receive(line, 12_000_000, 3_000_000, taken=False)[1]["overrun"] == 2
