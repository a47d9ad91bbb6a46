"""COBS bytes to the bytes of frames (Cheshire and Baker, 1999)."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["CobsDecoder", "frame_byte_layout"]


def frame_byte_layout() -> data.StructLayout:
    """Return the layout of a decoded beat.

    ``byte``: a byte of the frame. ``end``: the frame is over, and `byte` means nothing. ``broken``:
    with `end`, the frame ended inside a COBS block.
    """
    return data.StructLayout({"byte": 8, "end": 1, "broken": 1})


class CobsDecoder(wiring.Component):
    """Decoder of consistent overhead byte stuffing: blocks ``code, code - 1 bytes``, zeros between.

    A zero always ends the frame and resynchronises. Empty frames (zeros in a row) leave no trace. A
    byte in gives at most one beat out, in the same cycle: latency 0, throughput one byte per cycle,
    no storage.

    Members
    -------
    i : stream of bytes
    resync : in
        Drop the frame and everything up to the next zero. No byte is taken in this cycle.
    inside : out
        A frame has begun and is not being dropped.
    o : stream of `frame_byte_layout`
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "resync": In(1),
                "inside": Out(1),
                "o": Out(stream.Signature(frame_byte_layout())),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        left = Signal(8)  # bytes of the block still to come
        zero_due = Signal()  # a zero precedes the next block, if there is one
        begun = Signal()
        swallow = Signal()
        at_code = left == 0
        is_zero = self.i.p == 0
        emits = Signal()
        m.d.comb += [
            self.inside.eq(begun & ~swallow),
            emits.eq(~swallow & Mux(is_zero, begun, ~at_code | zero_due)),
            self.o.p.byte.eq(Mux(at_code, 0, self.i.p)),
            self.o.p.end.eq(is_zero),
            self.o.p.broken.eq(~at_code),
            self.o.valid.eq(self.i.valid & emits & ~self.resync),
            self.i.ready.eq((self.o.ready | ~emits) & ~self.resync),
        ]
        with m.If(self.resync):
            m.d.sync += swallow.eq(begun)
        with m.Elif(self.i.valid & self.i.ready):
            m.d.sync += begun.eq(~is_zero)
            with m.If(is_zero):
                m.d.sync += [left.eq(0), zero_due.eq(0), swallow.eq(0)]
            with m.Elif(at_code):
                m.d.sync += [left.eq(self.i.p - 1), zero_due.eq(self.i.p != 255)]
            with m.Else():
                m.d.sync += left.eq(left - 1)
        return m
