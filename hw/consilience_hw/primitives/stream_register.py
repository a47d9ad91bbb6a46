"""Registers between two streams: in both directions, or for ready alone."""

from amaranth.hdl import Module, Mux, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["ReadyRegister", "StreamRegister"]


class StreamRegister(wiring.Component):
    """Cuts a stream: no output depends on an input in the same cycle.

    A second place takes the beat that comes in the cycle in which the first learns that it must
    wait. Latency: 1 cycle. Throughput: one beat per cycle.

    Parameters
    ----------
    shape : shape-like
        Shape of the payload.

    Members
    -------
    i, o : streams of `shape`
    """

    def __init__(self, shape: ShapeLike) -> None:
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i, o = self.i, self.o
        second = Signal(len(i.p.as_value()) if hasattr(i.p, "as_value") else len(i.p))
        has_second = Signal()
        m.d.comb += i.ready.eq(~has_second)
        with m.If(~o.valid | o.ready):
            m.d.sync += [
                o.p.eq(Mux(has_second, second, i.p)),
                o.valid.eq(has_second | i.valid),
                has_second.eq(0),
            ]
        with m.Elif(i.valid & i.ready):
            m.d.sync += has_second.eq(1)
        with m.If(i.ready):
            m.d.sync += second.eq(i.p)
        return m


class ReadyRegister(wiring.Component):
    """Cuts the ready of a stream: `i.ready` depends on no input in the same cycle.

    Its one place takes the beat that comes in a cycle in which the sink does not take it.

    Latency: 0 cycles. Throughput: one beat per cycle.

    Parameters
    ----------
    shape : shape-like
        Shape of the payload.

    Members
    -------
    i, o : streams of `shape`
    """

    def __init__(self, shape: ShapeLike) -> None:
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        i, o = self.i, self.o
        place = Signal.like(i.p, reset_less=True)
        full = Signal()
        m.d.comb += [
            i.ready.eq(~full),
            o.valid.eq(full | i.valid),
            o.p.eq(Mux(full, place, i.p)),
        ]
        m.d.sync += full.eq(o.valid & ~o.ready)
        with m.If(i.ready):
            m.d.sync += place.eq(i.p)
        return m
