"""Bytes to serial bits."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .bit_clock import BitClock
from .bit_rate import BitRate

__all__ = ["UartTransmitter"]


class UartTransmitter(wiring.Component):
    """Sends a start bit, 8 bits, lowest first, and a stop bit; the next byte follows at once.

    Throughput: one byte in exactly 10 bit times. With a cycle more, it could not keep up with a
    receiver of the same rate. Latency: 1 cycle.

    Parameters
    ----------
    rate : BitRate

    Members
    -------
    i : stream of bytes
    pin : out
        The line, from a register.
    """

    def __init__(self, rate: BitRate) -> None:
        self.rate = rate
        super().__init__({"i": In(stream.Signature(8)), "pin": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.clock = clock = BitClock(self.rate, 0)
        bits = Signal(9, init=0x1FF)  # bits still to be sent, lowest first; ones follow
        left = Signal(range(11))  # bits on or before the line
        ends = Signal()
        m.d.comb += [
            ends.eq(clock.tick & (left == 1)),
            self.i.ready.eq((left == 0) | ends),
            # A byte that follows another keeps the phase: bits that are no whole number of cycles
            # keep their average length.
            clock.start.eq(left == 0),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [self.pin.eq(0), bits.eq(Cat(self.i.p, Const(1, 1))), left.eq(10)]
        with m.Elif(clock.tick):
            m.d.sync += [self.pin.eq(bits[0]), bits.eq(Cat(bits[1:], Const(1, 1)))]
            m.d.sync += left.eq(left - 1)
        return m
