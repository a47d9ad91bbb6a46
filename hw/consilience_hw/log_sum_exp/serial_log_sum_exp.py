"""`LogSumExp` for devices that cannot hold it: one packet at a time."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..log2.log2 import result_layout
from ..log2.serial_log2 import SerialLog2
from ..primitives.pipeline import delayed
from ..reduction.beat import beat_layout
from ..reduction.beat_reducer import BeatReducer
from ..reduction.serial_accumulator import SerialAccumulator
from ..spec.counts import check_count
from ..spec.log_format import Q16_16, LogFormat

__all__ = ["SerialLogSumExp"]


class SerialLogSumExp(wiring.Component):
    """The same codes as `LogSumExp`, with a `SerialAccumulator`, a `SerialLog2` and no buffer.

    After the last beat of a packet no other beat is taken until the result has been taken:
    handshakes depend on `last` and on the reader, never on a code.

    Latency: `latency` cycles from the acceptance of a packet's last beat to its valid result, for
    all data. Throughput: one beat per cycle within a packet.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        W, codes per beat, 1 or more.

    Members
    -------
    i : stream of `beat_layout`
        See `LogSumExp`.
    o : stream of `log2.result_layout`
        One result per packet, in order.
    """

    depth = 1
    """Packets that may be inside."""
    room = 1
    """Packets that are let in for sure while none leaves."""

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        check_count("lanes", lanes)
        self.fmt = fmt
        self.lanes = lanes
        self.reducer = BeatReducer(fmt, lanes, with_highest=True)
        self.log2 = SerialLog2(fmt)
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(fmt, lanes))),
                "o": Out(stream.Signature(result_layout(fmt))),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from a last beat to its valid result."""
        return self.reducer.latency + SerialAccumulator.latency + self.log2.latency + 1

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.reducer = reducer = self.reducer
        m.submodules.accumulator = accumulator = SerialAccumulator(self.fmt, reducer.codes)
        m.submodules.log2 = log2 = self.log2

        busy = Signal()
        ready = Signal()  # the result is out; `log2` holds it, as its inputs stay
        accepted = self.i.valid & self.i.ready
        with m.If(accepted & self.i.p.last):
            m.d.sync += busy.eq(1)
        with m.If(log2.o.valid):
            m.d.sync += ready.eq(1)
        leaves = self.o.valid & self.o.ready
        with m.If(leaves):
            m.d.sync += [busy.eq(0), ready.eq(0)]
        wait = reducer.lead - accumulator.lead
        m.d.comb += [
            accumulator.highest.p.eq(delayed(m, reducer.highest.p, wait, "highest")),
            accumulator.highest.valid.eq(
                delayed(m, reducer.highest.valid, wait, "highest_valid", reset=True)
            ),
            accumulator.clear.eq(leaves),
            self.i.ready.eq(~busy),
            reducer.i.p.eq(self.i.p),
            reducer.i.valid.eq(accepted),
            accumulator.i.p.state.eq(reducer.o.p),
            accumulator.i.p.last.eq(delayed(m, self.i.p.last, reducer.latency, "last")),
            accumulator.i.valid.eq(reducer.o.valid),
            self.o.p.eq(log2.o.p),
            self.o.valid.eq(ready),
        ]
        wiring.connect(m, accumulator.o, log2.i)
        return m
