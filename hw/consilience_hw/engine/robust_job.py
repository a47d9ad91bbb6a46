"""ROBUST: message words to ratios and scans, their results to result words."""

from amaranth.hdl import Array, Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..fusion.robust_histogram import Operation, RobustHistogram
from ..link.job_port import job_port
from ..spec.link_map import FrameStatus, RobustFlag
from ..spec.number_formats import MAX_UNIT, ROBUST_SUM_BITS

__all__ = ["RobustJob"]


class RobustJob(wiring.Component):
    """Feeds ratios, scans, and returns ``trimmed_sum, low, high, status``, sums in two words each.

    The unit's counts outlive a reset: each message begins with a scan that empties all bins, whose
    result is dropped. Each record ends with another one.

    Throughput: one word per cycle; a scan at the start, and one per record, in which nothing is
    taken, until its words are sent. Latency: none in either direction.

    Parameters
    ----------
    unit : RobustHistogram
        The unit that it feeds; only its signature is used.

    Members
    -------
    port : the job's side of `job_port`
        The session's ``clear`` must reset this component, and the unit.
    beats, results
        To `RobustHistogram.i` and from `RobustHistogram.o`.
    """

    def __init__(self, unit: RobustHistogram) -> None:
        super().__init__(
            {
                "port": In(job_port()),
                "beats": Out(unit.i.signature.flip()),
                "results": In(unit.o.signature),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        port, beats, results = self.port, self.beats, self.results
        word = port.i.p
        left = Signal(32)  # ratios of the record still to come
        unit = Signal.like(beats.p.unit)
        faulty = Signal.like(beats.p.faulty)
        limits = Signal(4 * 32)
        place = Signal(range(4))  # of the word of the limits
        status = Signal(FrameStatus)
        complete = Signal(init=1)
        pending = Signal()
        accepted = port.i.valid & port.i.ready
        m.d.comb += [
            port.status.eq(status),
            port.complete.eq(complete),
            port.pending.eq(pending),
            beats.p.ratio.eq(word.as_signed()),
            beats.p.unit.eq(unit),
            beats.p.faulty.eq(faulty),
            beats.p.above.eq(limits[:ROBUST_SUM_BITS].as_signed()),
            beats.p.below.eq(limits[64 : 64 + ROBUST_SUM_BITS].as_signed()),
        ]

        sent = Signal(range(7))
        sums = (results.p.trimmed_sum, results.p.low, results.p.high)
        halves = []
        for one in sums:
            shown = Signal(64)
            m.d.comb += shown.eq(one & ~results.p.refused.replicate(len(one)).as_signed())
            halves += [shown[:32], shown[32:]]
        gap = Const(0, RobustFlag.ABOVE.bit_length() - 1)
        flags = Cat(gap, results.p.above, results.p.below, results.p.refused)

        with m.FSM():
            with m.State("Empty"):
                m.d.comb += [beats.p.operation.eq(Operation.CLEAR), beats.valid.eq(1)]
                with m.If(beats.ready):
                    m.next = "Emptied"
            with m.State("Emptied"):
                m.d.comb += results.ready.eq(1)
                with m.If(results.valid):
                    m.next = "Ratios"
            with m.State("Ratios"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += [left.eq(word), complete.eq(0)]
                    m.next = "Unit"
                    with m.If(word == 0):
                        m.d.sync += status.eq(FrameStatus.BAD_RECORD)
            with m.State("Unit"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += unit.eq(word)
                    m.next = "Faulty"
                    with m.If((word == 0) | (word > MAX_UNIT)):
                        m.d.sync += status.eq(FrameStatus.BAD_RECORD)
            with m.State("Faulty"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += faulty.eq(word)
                    m.next = "Limits"
            with m.State("Limits"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += [limits.word_select(place, 32).eq(word), place.eq(place + 1)]
                    with m.If(place == 3):
                        m.next = "Ratio"
            with m.State("Ratio"):
                m.d.comb += [
                    beats.p.operation.eq(Operation.ADD),
                    beats.valid.eq(port.i.valid),
                    port.i.ready.eq(beats.ready),
                    port.code.eq(accepted),
                ]
                with m.If(accepted):
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 1):
                        m.d.sync += [complete.eq(1), pending.eq(1)]
                        m.next = "Scan"
            with m.State("Scan"):
                m.d.comb += [beats.p.operation.eq(Operation.CLEAR), beats.valid.eq(1)]
                with m.If(beats.ready):
                    m.next = "Result"
            with m.State("Result"):
                m.d.comb += [
                    port.o.valid.eq(results.valid),
                    port.o.p.word.eq(Array([*halves, flags])[sent]),
                    port.o.p.last.eq(sent == 6),
                    results.ready.eq(port.o.ready & port.o.p.last),
                ]
                with m.If(port.o.valid & port.o.ready):
                    m.d.sync += sent.eq(sent + 1)
                    with m.If(port.o.p.last):
                        m.d.sync += [sent.eq(0), pending.eq(0)]
                        m.next = "Ratios"
        return m
