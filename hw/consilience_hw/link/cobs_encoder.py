"""Bytes of frames to COBS bytes (Cheshire and Baker, 1999)."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["CobsEncoder"]

RING = 512
"""Bytes of the ring: a block of 255, and another that is being sent."""


class CobsEncoder(wiring.Component):
    """Encoder of consistent overhead byte stuffing: no zero inside a frame, one after it.

    The code of a block comes before its bytes but is known only after them. So the bytes go into a
    ring buffer, which leaves the place of the code free. The code is written in the cycle of the
    zero that ends the block. Everything before the open block may leave.

    Throughput: one byte per cycle, except for one cycle per full block of 254 and two per frame.
    Latency: a block, and 3 cycles.

    Members
    -------
    i : stream of {byte: 8, end: 1}
        A beat with ``end`` holds no byte; it ends the frame.
    o : stream of bytes
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout({"byte": 8, "end": 1}))),
                "o": Out(stream.Signature(8)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.ring = ring = Memory(shape=8, depth=RING, init=[])
        write, read = ring.write_port(), ring.read_port(domain="sync")

        code_at = Signal(range(RING))  # place of the open block's code; all before may leave
        put = Signal(range(RING), init=1)
        take = Signal(range(RING))
        # The open block may stay away: it follows a full one and has no byte yet.
        optional = Signal()
        block = Signal(8, init=1)  # put - code_at
        block_full = Signal()  # it is 255
        # One cycle old, and so a place early.
        full = Signal()
        m.d.sync += full.eq((put - take)[: len(put)] >= RING - 3)
        closes = Signal()
        ends = Signal()
        stores = Signal()
        with m.If(~full):
            with m.If(block_full):
                m.d.comb += closes.eq(1)
                m.d.sync += optional.eq(1)
            with m.Elif(self.i.valid):
                with m.If(self.i.p.end & optional):
                    m.d.comb += [ends.eq(1), self.i.ready.eq(1)]
                    m.d.sync += optional.eq(0)
                with m.Elif(self.i.p.end):
                    m.d.comb += closes.eq(1)
                    m.d.sync += optional.eq(1)
                with m.Else():
                    m.d.comb += self.i.ready.eq(1)
                    m.d.comb += closes.eq(self.i.p.byte == 0)
                    m.d.comb += stores.eq(self.i.p.byte != 0)
                    m.d.sync += optional.eq(0)
        m.d.comb += [
            write.en.eq(closes | ends | stores),
            write.addr.eq(Mux(stores, put, code_at)),
            write.data.eq(Mux(stores, self.i.p.byte, Mux(ends, 0, block))),
        ]
        with m.If(write.en):
            m.d.sync += [put.eq(put + 1), block.eq(block + 1), block_full.eq(block == 254)]
        with m.If(closes | ends):
            m.d.sync += [code_at.eq(put), block.eq(1), block_full.eq(0)]

        # A register behind the ring: block RAM is slow from clock to output.
        fetched, moves = Signal(), Signal()
        m.d.comb += [
            moves.eq(~self.o.valid | self.o.ready),
            read.addr.eq(take),
            read.en.eq(~fetched | moves),
        ]
        with m.If(moves):
            m.d.sync += [self.o.p.eq(read.data), self.o.valid.eq(fetched)]
        with m.If(read.en):
            m.d.sync += fetched.eq(take != code_at)
            with m.If(take != code_at):
                m.d.sync += take.eq(take + 1)
        return m
