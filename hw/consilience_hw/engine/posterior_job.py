"""POSTERIOR: message words to rows of evidence, posteriors to result words."""

from amaranth.hdl import Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..fusion.posterior import Posterior
from ..link.job_port import job_port
from ..spec.link_map import WEIGHTED, FrameStatus
from ..spec.number_formats import ONE, WEIGHT_BITS

__all__ = ["PosteriorJob"]


class PosteriorJob(wiring.Component):
    """Feeds records ``rows, rows * (weight, codes * H)``; returns ``posterior * H, status``.

    The prior is kept, and inserted before each packet as its first row.

    Throughput: one word per cycle, plus H cycles per record in which the prior is inserted.
    Latency: none in either direction.

    Parameters
    ----------
    unit : Posterior
        The unit that it feeds; only its parameters are used.

    Members
    -------
    port : the job's side of `job_port`
        The session's ``clear`` must reset this component.
    evidence, posteriors
        To `Posterior.i` and from `Posterior.o`.
    """

    def __init__(self, unit: Posterior) -> None:
        self.fmt = unit.fmt
        self.hypotheses = unit.hypotheses
        self.weights = unit.weights
        self.outstanding = unit.depth
        super().__init__(
            {
                "port": In(job_port()),
                "evidence": Out(unit.i.signature.flip()),
                "posteriors": In(unit.o.signature),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        port, evidence = self.port, self.evidence
        word = port.i.p
        m.submodules.prior = prior = Memory(
            shape=unsigned(self.fmt.code_bits), depth=self.hypotheses, init=[]
        )
        write, read = prior.write_port(), prior.read_port(domain="sync")

        last_column = Signal(range(self.hypotheses))
        weighted = Signal()
        column = Signal(range(self.hypotheses))
        following = Signal.like(column)
        at_end = column == last_column
        rows = Signal(32)  # rows of the record still to come, the current one included
        weight = Signal(WEIGHT_BITS + 1, init=ONE)
        status = Signal(FrameStatus)
        accepted = port.i.valid & port.i.ready
        m.d.comb += [
            following.eq(Mux(at_end, 0, column + 1)),
            write.addr.eq(column),
            write.data.eq(word),
            # Valid a cycle after the column moves. `column` is 0 long before the first use.
            read.addr.eq(Mux(evidence.valid & evidence.ready, following, column)),
            read.en.eq(1),
            evidence.p.end.eq(at_end),
            port.status.eq(status),
        ]
        finishes = Signal()
        with m.FSM():
            with m.State("Hypotheses"):
                m.d.comb += port.i.ready.eq(1)
                flags = WEIGHTED if self.weights else 0
                count = word[:8]
                with m.If(accepted):
                    m.d.sync += [last_column.eq(count - 1), weighted.eq((word & flags).any())]
                    m.next = "Prior"
                    with m.If((word & WEIGHTED & ~flags).any()):
                        m.d.sync += status.eq(FrameStatus.UNSUPPORTED)
                    with m.Elif(
                        (count < 2)
                        | (count > self.hypotheses)
                        | (word & ~(WEIGHTED | 0xFF) & 0xFFFF_FFFF).any()
                    ):
                        m.d.sync += status.eq(FrameStatus.BAD_RECORD)
            with m.State("Prior"):
                m.d.comb += [port.i.ready.eq(1), write.en.eq(accepted)]
                with m.If(accepted):
                    m.d.sync += column.eq(following)
                    with m.If(at_end):
                        m.next = "Rows"
            with m.State("Rows"):
                m.d.comb += [port.i.ready.eq(1), port.complete.eq(1)]
                with m.If(accepted):
                    m.d.sync += rows.eq(word)
                    m.next = "First row"
                    with m.If(word == 0):
                        m.d.sync += status.eq(FrameStatus.BAD_RECORD)
            with m.State("First row"):
                m.d.comb += [
                    evidence.valid.eq(1),
                    evidence.p.code.eq(read.data.as_signed()),
                    evidence.p.weight.eq(ONE),
                ]
                with m.If(evidence.ready):
                    m.d.sync += column.eq(following)
                    with m.If(at_end):
                        m.next = "Row"
                        with m.If(weighted):
                            m.next = "Weight"
            with m.State("Weight"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += weight.eq(word)
                    m.next = "Row"
                    with m.If(word > ONE):
                        m.d.sync += status.eq(FrameStatus.BAD_RECORD)
            with m.State("Row"):
                m.d.comb += [
                    evidence.valid.eq(port.i.valid),
                    port.i.ready.eq(evidence.ready),
                    evidence.p.code.eq(word.as_signed()),
                    evidence.p.weight.eq(weight),
                    evidence.p.last.eq(rows == 1),
                    port.code.eq(accepted),
                ]
                with m.If(accepted):
                    m.d.sync += column.eq(following)
                    with m.If(at_end):
                        m.d.sync += rows.eq(rows - 1)
                        m.d.comb += finishes.eq(rows == 1)
                        m.next = "Row"
                        with m.If(rows == 1):
                            m.next = "Rows"
                        with m.Elif(weighted):
                            m.next = "Weight"
        self._answer(m, finishes)
        return m

    def _answer(self, m: Module, finishes: Value) -> None:
        """Send the posteriors and then the status, and count the packets on their way."""
        port, posteriors = self.port, self.posteriors
        at_status = Signal()  # the last value has been sent, the status of its beat has not
        code = Signal(signed(32))
        pending = Signal(range(self.outstanding + 1))
        given = port.o.valid & port.o.ready
        m.d.comb += [
            code.eq(posteriors.p.code),
            port.o.valid.eq(posteriors.valid),
            port.o.p.word.eq(Mux(at_status, posteriors.p.status, code.as_unsigned())),
            port.o.p.last.eq(at_status),
            posteriors.ready.eq(port.o.ready & (at_status | ~posteriors.p.last)),
            port.pending.eq(pending != 0),
        ]
        with m.If(given):
            m.d.sync += at_status.eq(posteriors.p.last & ~at_status)
        m.d.sync += pending.eq(pending + finishes - (given & at_status))
