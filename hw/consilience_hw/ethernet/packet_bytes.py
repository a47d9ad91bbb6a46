"""Packets of words to packets of bytes."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .packet_buffer import packet_port

__all__ = ["PacketBytes"]


class PacketBytes(wiring.Component):
    """Hands on the words of a packet byte by byte; all of its words are whole.

    Latency: none, there is no register in between. Throughput: a byte per cycle.

    Parameters
    ----------
    word_bytes : int
        A power of two from 2 on.

    Members
    -------
    i : the reader's side of `packet_port` with words of `word_bytes`
    packet : `packet_port`
    """

    def __init__(self, word_bytes: int) -> None:
        self.word_bytes = word_bytes
        super().__init__({"i": In(packet_port(0, word_bytes)), "packet": Out(packet_port(0))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i, o = self.i.o, self.packet.o
        lane = Signal(exact_log2(self.word_bytes))
        m.d.comb += [
            o.valid.eq(i.valid),
            o.p.byte.eq(i.p.bytes.word_select(lane, 8)),
            o.p.last.eq(i.p.last & lane.all()),
            i.ready.eq(o.ready & lane.all()),
            self.packet.length.eq(self.i.length),
        ]
        with m.If(o.valid & o.ready):
            m.d.sync += lane.eq(lane + 1)
        return m
