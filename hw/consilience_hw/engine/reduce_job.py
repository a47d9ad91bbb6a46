"""REDUCE: message words to packets of codes, sums to result words."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..link.job_port import job_port
from ..log2.log2 import result_layout
from ..reduction.beat import beat_layout
from ..spec.link_map import FrameStatus
from ..spec.log_format import Q16_16, LogFormat

__all__ = ["ReduceJob"]


class ReduceJob(wiring.Component):
    """Feeds records ``length, codes * length``; returns ``code, status`` of each log sum.

    A shift register collects codes into beats of W, the newest in the highest lane. The last beat
    of a record leaves unfilled, its lowest lanes unused. Every beat leaves in the cycle of the code
    that completes it.

    Throughput: one word per cycle. Latency: none in either direction.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        W, codes per beat.
    outstanding : int
        Most packets that the `LogSumExp` can hold.

    Members
    -------
    port : the job's side of `job_port`
        The session's ``clear`` must reset this component.
    beats : stream of `beat.beat_layout`
    sums : stream of `log2.result_layout`
    """

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1, outstanding: int = 64) -> None:
        self.fmt = fmt
        self.lanes = lanes
        self.outstanding = outstanding
        super().__init__(
            {
                "port": In(job_port()),
                "beats": Out(stream.Signature(beat_layout(fmt, lanes))),
                "sums": In(stream.Signature(result_layout(fmt))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        port, beats, sums = self.port, self.beats, self.sums
        word = port.i.p
        left = Signal(32)  # codes of the record still to come
        inside = left != 0
        is_last = left == 1
        bad = Signal()

        waiting = Signal(32 * (self.lanes - 1))
        used = Signal(self.lanes - 1)
        full = used.all()  # true with no waiting lanes, too
        leaves = Signal()
        m.d.comb += [
            leaves.eq(inside & (full | is_last)),
            beats.valid.eq(port.i.valid & leaves),
            beats.p.codes.eq(
                Cat(
                    part[: self.fmt.code_bits]
                    for part in [*(waiting.word_select(k, 32) for k in range(self.lanes - 1)), word]
                )
            ),
            beats.p.keep.eq(Cat(used, 1)),
            beats.p.last.eq(is_last),
            port.i.ready.eq(~leaves | beats.ready),
            port.status.eq(Mux(bad, FrameStatus.BAD_RECORD, FrameStatus.OK)),
            port.complete.eq(~inside),
        ]
        accepted = port.i.valid & port.i.ready
        m.d.comb += port.code.eq(accepted & inside)
        with m.If(accepted & ~inside):
            m.d.sync += [left.eq(word), bad.eq(word == 0)]
        with m.If(accepted & inside):
            m.d.sync += [
                left.eq(left - 1),
                waiting.eq(Cat(waiting, word) >> 32),
                used.eq(Mux(leaves, 0, Cat(used, 1) >> 1)),
            ]

        second = Signal()
        code = Signal(signed(32))
        pending = Signal(range(self.outstanding + 1))
        given = port.o.valid & port.o.ready
        m.d.comb += [
            code.eq(sums.p.code),
            port.o.valid.eq(sums.valid),
            port.o.p.word.eq(Mux(second, sums.p.status, code.as_unsigned())),
            port.o.p.last.eq(second),
            sums.ready.eq(port.o.ready & second),
            port.pending.eq(pending != 0),
        ]
        with m.If(given):
            m.d.sync += second.eq(~second)
        m.d.sync += pending.eq(pending + (accepted & is_last) - (given & second))
        return m
