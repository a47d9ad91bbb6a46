"""Packets of codes to one code each: log2 of the sum of 2**code, exactly rounded."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..log2.log2 import Log2, result_layout
from ..primitives.pipeline import delayed
from ..primitives.result_buffer import ResultBuffer
from ..reduction.accumulator import Accumulator
from ..reduction.beat import beat_layout
from ..reduction.beat_reducer import GROUP_LANES, BeatReducer
from ..spec.log_format import Q16_16, LogFormat

__all__ = ["LogSumExp"]

_HEARD = 3
"""Cycles after which a packet that entered is in the count."""


class LogSumExp(wiring.Component):
    """``code = round(2**F * log2(sum over the packet of 2**(c / 2**F)))``.

    The result is bit-identical for any order of codes, any number of lanes and any distribution
    over beats: terms are added as integers in bins on an absolute grid, a superaccumulator
    (Kulisch; Neal, arXiv:1505.05571) restricted to a window under the highest term.

    The stages `BeatReducer`, `Accumulator` and `Log2` are flows. Back-pressure stops at the edge of
    this unit: it admits as many packets as the output buffer has places, so nothing inside ever
    stalls and no handshake can depend on data.

    Latency: `latency` cycles from the acceptance of a packet's last beat to its valid result, when
    the output buffer is empty; for all data. Throughput: one beat per cycle, also for one-beat
    packets back to back.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        W, codes per beat, 1 or more. Up to 64 are tested; ValueError below 1.

    Members
    -------
    i : stream of `beat_layout`
        Lanes whose ``keep`` bit is 0 are not read. A packet has at least one beat, of which every
        lane may be unused: an empty packet gives the log of zero.
    o : stream of `log2.result_layout`
        One result per packet, in order.
    """

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        self.fmt = fmt
        self.lanes = lanes
        self.reducer = BeatReducer(fmt, lanes)
        self.log2 = Log2(fmt)
        # Cycles from the last stage to the output buffer, and from the output back to the count:
        # one where all lies close together.
        far = lanes > GROUP_LANES
        self._way, self._way_back = (2, 3) if far else (1, 1)
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(fmt, lanes))),
                "o": Out(stream.Signature(result_layout(fmt))),
            }
        )

    @property
    def pipeline_latency(self) -> int:
        """Cycles from a last beat to its result at the output buffer."""
        return self.reducer.latency + Accumulator.latency + self.log2.latency + self._way

    @property
    def latency(self) -> int:
        """Cycles from a last beat to its valid result: the pipeline and the buffer."""
        return self.pipeline_latency + ResultBuffer.latency

    @property
    def depth(self) -> int:
        """Packets that may be inside: enough for one-beat packets at full rate."""
        return 1 << (self.latency + 1).bit_length()

    @property
    def room(self) -> int:
        """Packets that are let in for sure while none leaves; at full rate, some more."""
        return self.depth - _HEARD - 2

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        m.submodules.reducer = reducer = self.reducer
        m.submodules.accumulator = accumulator = Accumulator(fmt, self.reducer.codes)
        m.submodules.log2 = log2 = self.log2
        m.submodules.results = results = ResultBuffer(result_layout(fmt), self.depth)

        # What goes in and what comes out may lie far from each other in a large unit, and from this
        # count: it hears of both cycles later. Of what has left that is safe; for what may enter
        # meanwhile, room is left. Their difference is registered: a table after a long wire and
        # before a carry chain would decide the clock.
        inside = Signal(range(self.depth + 1))
        accepted = self.i.valid & self.i.ready
        entered = delayed(m, accepted & self.i.p.last, _HEARD - 1, "entered", reset=True)
        left = delayed(m, self.o.valid & self.o.ready, 1 + self._way_back, "left", reset=True)
        change = Signal(signed(2))
        has_room = Signal(init=1)
        m.d.sync += [
            change.eq(entered - left),
            inside.eq(inside + change),
            has_room.eq(inside < self.room),
        ]
        m.d.comb += self.i.ready.eq(has_room)

        m.d.comb += [
            reducer.i.p.eq(self.i.p),
            reducer.i.valid.eq(accepted),
            accumulator.i.p.state.eq(reducer.o.p),
            accumulator.i.p.last.eq(delayed(m, self.i.p.last, reducer.latency, "last")),
            accumulator.i.valid.eq(reducer.o.valid),
        ]
        wiring.connect(m, accumulator.o, log2.i)
        # The buffer's block RAM may lie across the part: the way there has a cycle of its own.
        m.d.comb += [
            results.i.p.eq(delayed(m, log2.o.p, self._way, "result")),
            results.i.valid.eq(delayed(m, log2.o.valid, self._way, "result_valid", reset=True)),
        ]
        wiring.connect(m, results.o, wiring.flipped(self.o))
        return m
