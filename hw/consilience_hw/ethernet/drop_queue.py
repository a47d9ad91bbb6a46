"""Reasons of drops from the receiver's clock to the engine's."""

from amaranth.hdl import Module, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .crossed_counter import CrossedCounter

__all__ = ["DropQueue"]

DEPTH_BITS = 4


class DropQueue(wiring.Component):
    """A short queue with its writer in the domain ``write`` and its reader in ``read``.

    It holds 15 reasons. Frames follow each other by 84 byte times at least, so that it overflows,
    and loses what came last, only if the reader rests for more than 1,200 cycles of the writer.

    Members
    -------
    dropped : in
        Strobe in the domain ``write``: `reason` is one more.
    o : stream of 4 bits
        In the domain ``read``; 1 reason in 2 cycles.
    """

    def __init__(self) -> None:
        super().__init__(
            {"dropped": In(1), "reason": In(4), "o": Out(stream.Signature(unsigned(4)))}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        o = self.o
        put = CrossedCounter(m, "put", DEPTH_BITS + 1, "write", "read")
        taken = CrossedCounter(m, "taken", DEPTH_BITS + 1, "read", "write")
        m.submodules.queue = queue = Memory(shape=unsigned(4), depth=1 << DEPTH_BITS, init=[])
        write, read = queue.write_port(domain="write"), queue.read_port(domain="comb")
        held = (put.here - taken.there)[: DEPTH_BITS + 1]
        m.d.comb += [
            write.en.eq(self.dropped & (held < (1 << DEPTH_BITS) - 1)),
            write.addr.eq(put.here),
            write.data.eq(self.reason),
            put.step.eq(write.en),
            read.addr.eq(taken.here),
            taken.step.eq(~o.valid & (put.there != taken.here)),
        ]
        with m.If(o.valid & o.ready):
            m.d.read += o.valid.eq(0)
        with m.If(taken.step):
            m.d.read += [o.valid.eq(1), o.p.eq(read.data)]
        return m
