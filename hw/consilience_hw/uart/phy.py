"""Receiver and transmitter of one line each way."""

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .bit_rate import BitRate
from .receiver import UartReceiver
from .transmitter import UartTransmitter

__all__ = ["UartPhy"]


class UartPhy(wiring.Component):
    """The link's bytes over a UART; see `UartReceiver` and `UartTransmitter`.

    Parameters
    ----------
    clock_hz : int
        Clock of its domain.
    baud : int
        Baud rate of both directions, at most a quarter of the clock.

    Members
    -------
    rx, tx
        The lines.
    received : stream of bytes
    to_send : stream of bytes
    gap : out
        Strobe: silence of 20 byte times, for `Engine.gap`.
    error : out
        Strobe: a byte was lost, by a framing error or because it was not taken.
    """

    def __init__(self, clock_hz: int, baud: int) -> None:
        self.rate = BitRate(clock_hz, baud)
        super().__init__(
            {
                "rx": In(1),
                "tx": Out(1, init=1),
                "received": Out(stream.Signature(8)),
                "to_send": In(stream.Signature(8)),
                "gap": Out(1),
                "error": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.receiver = receiver = UartReceiver(self.rate)
        m.submodules.transmitter = transmitter = UartTransmitter(self.rate)
        connect(m, receiver.o, flipped(self.received))
        connect(m, flipped(self.to_send), transmitter.i)
        m.d.comb += [
            receiver.pin.eq(self.rx),
            self.tx.eq(transmitter.pin),
            self.gap.eq(receiver.gap),
            self.error.eq(receiver.framing_error | receiver.overrun),
        ]
        return m
