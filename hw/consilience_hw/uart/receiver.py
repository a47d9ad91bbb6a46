"""Serial bits to bytes."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .bit_clock import BitClock
from .bit_rate import BitRate

__all__ = ["GAP_BYTES", "UartReceiver"]

GAP_BYTES = 20
"""Byte times of silence that end a frame."""

BYTE_BITS = 10


class UartReceiver(wiring.Component):
    """Bytes of 8 bits between a start and a stop bit, from a sender within 3 % of the rate.

    Each bit is sampled once, in its middle. A stop bit also passes if only the cycle after is high,
    which makes up for the coarse middle of bits of 4 cycles. The next start bit may follow at once,
    so that a slightly fast sender loses nothing. A low stop bit is a framing error: nothing is
    taken until the line has been idle. A start bit that is over by its middle is ignored as a
    spike.

    Throughput: that of the line. Latency: a byte is offered in the middle of its stop bit, and 3
    cycles.

    Parameters
    ----------
    rate : BitRate

    Members
    -------
    pin : in
        The line, asynchronous.
    o : stream of bytes
        The line does not wait: a byte not taken before the next one is lost (`overrun`).
    gap : out
        Strobe: the line has been idle for `GAP_BYTES` byte times; once per silence.
    framing_error, overrun : out
        Strobes.
    """

    def __init__(self, rate: BitRate) -> None:
        self.rate = rate
        super().__init__(
            {
                "pin": In(1),
                "o": Out(stream.Signature(8)),
                "gap": Out(1),
                "framing_error": Out(1),
                "overrun": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        line = Signal(init=1)
        m.submodules.pin = FFSynchronizer(self.pin, line, init=1)
        m.submodules.clock = clock = BitClock(self.rate, self.rate.at_edge)

        byte = Signal(8, reset_less=True)
        got = Signal()  # a byte is complete in this cycle
        bits = Signal(range(8))
        silence = Signal(range(GAP_BYTES * BYTE_BITS + 1))
        with m.FSM():
            with m.State("Idle"), m.If(~line):
                m.d.comb += clock.start.eq(1)
                m.next = "Start"
            with m.State("Start"), m.If(clock.tick):
                m.d.sync += bits.eq(0)
                m.next = "Bits"
                with m.If(line):
                    m.next = "Idle"
            with m.State("Bits"), m.If(clock.tick):
                m.d.sync += [byte.eq(Cat(byte[1:], line)), bits.eq(bits + 1)]
                with m.If(bits == 7):
                    m.next = "Stop"
            with m.State("Stop"), m.If(clock.tick):
                m.d.comb += got.eq(line)
                m.next = "Late stop"
                with m.If(line):
                    m.next = "Idle"
            with m.State("Late stop"):
                m.d.comb += [got.eq(line), self.framing_error.eq(~line)]
                m.next = "Broken"
                with m.If(line):
                    m.next = "Idle"
            with m.State("Broken"), m.If(line):
                m.next = "Idle"

        with m.If(self.o.valid & self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(got):
            m.d.sync += [self.o.p.eq(byte), self.o.valid.eq(1)]
            m.d.comb += self.overrun.eq(self.o.valid & ~self.o.ready)

        # The count restarts at the start and at the end of a byte, so that no byte is part of it.
        # It stops at its largest value.
        ended = silence == GAP_BYTES * BYTE_BITS
        with m.If(got | clock.start):
            m.d.sync += silence.eq(0)
        with m.Elif(clock.tick & ~ended):
            m.d.sync += silence.eq(silence + 1)
            m.d.comb += self.gap.eq(silence == GAP_BYTES * BYTE_BITS - 1)
        return m
