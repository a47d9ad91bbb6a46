"""Drops of two places to the counters."""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .counters import drop_stream

__all__ = ["DropMerge"]


class DropMerge(wiring.Component):
    """Takes drops from two streams, those of the first before those of the second.

    Throughput: one in 2 cycles. Latency: 1 cycle.

    Members
    -------
    first, second : `drop_stream`
    o : `drop_stream`
    """

    def __init__(self) -> None:
        super().__init__(
            {"first": In(drop_stream()), "second": In(drop_stream()), "o": Out(drop_stream())}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        first, second, o = self.first, self.second, self.o
        m.d.comb += [first.ready.eq(~o.valid), second.ready.eq(~o.valid & ~first.valid)]
        with m.If(~o.valid):
            m.d.sync += [
                o.valid.eq(first.valid | second.valid),
                o.p.eq(Mux(first.valid, first.p, second.p)),
            ]
        with m.Elif(o.ready):
            m.d.sync += o.valid.eq(0)
        return m
