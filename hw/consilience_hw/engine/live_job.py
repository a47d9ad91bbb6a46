"""LIVE: message words to updates of a live sum, what they read to result words."""

from amaranth.hdl import Array, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..link.job_port import job_port
from ..live.live_updates import LiveUpdates
from ..spec.flags import UpdateStep
from ..spec.link_map import FrameStatus

__all__ = ["LiveJob"]

_STEPS = int(UpdateStep.LEAVES | UpdateStep.ENTERS | UpdateStep.READS)


class LiveJob(wiring.Component):
    """Feeds codes that enter, then updates; returns ``code, count, status`` of those that read.

    A reset empties the unit, so that a message begins with an empty sum.

    Throughput: one word per cycle, but for the steps of updates, a cycle each, and the sweep of the
    unit at the start. Latency: none in either direction.

    Parameters
    ----------
    unit : LiveUpdates
        The unit that it feeds; only its parameters are used.

    Members
    -------
    port : the job's side of `job_port`
        The session's ``clear`` must reset this component, and the unit.
    beats, results
        To `LiveUpdates.i` and from `LiveUpdates.o`.
    """

    def __init__(self, unit: LiveUpdates) -> None:
        self.outstanding = unit.live.depth
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
        left = Signal(32)  # codes before the updates still to come
        steps = Signal(len(UpdateStep))
        old = Signal(32)
        status = Signal(FrameStatus)
        complete = Signal()
        reads = Signal()  # the last word of an update that reads has been taken
        accepted = port.i.valid & port.i.ready
        m.d.comb += [
            port.status.eq(status),
            port.complete.eq(complete),
            beats.p.old.eq(old.as_signed()),
            beats.p.new.eq(word.as_signed()),
        ]
        with m.FSM():
            with m.State("Count"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += [left.eq(word), complete.eq(word == 0)]
                    m.next = "Codes"
                    with m.If(word == 0):
                        m.next = "Steps"
            with m.State("Codes"):
                m.d.comb += [
                    beats.p.steps.eq(UpdateStep.ENTERS.value),
                    beats.valid.eq(port.i.valid),
                    port.i.ready.eq(beats.ready),
                    port.code.eq(accepted),
                ]
                with m.If(accepted):
                    m.d.sync += [left.eq(left - 1), complete.eq(left == 1)]
                    with m.If(left == 1):
                        m.next = "Steps"
            with m.State("Steps"):
                m.d.comb += port.i.ready.eq(1)
                with m.If(accepted):
                    m.d.sync += [steps.eq(word), complete.eq(0)]
                    m.next = "Old"
                    with m.If((word == 0) | (word & (0xFFFF_FFFF ^ _STEPS)).any()):
                        m.d.sync += status.eq(FrameStatus.BAD_RECORD)
            with m.State("Old"):
                m.d.comb += [port.i.ready.eq(1), port.code.eq(accepted)]
                with m.If(accepted):
                    m.d.sync += old.eq(word)
                    m.next = "New"
            with m.State("New"):
                m.d.comb += [
                    beats.p.steps.eq(steps),
                    beats.valid.eq(port.i.valid),
                    port.i.ready.eq(beats.ready),
                    port.code.eq(accepted),
                ]
                with m.If(accepted):
                    m.d.sync += complete.eq(1)
                    m.d.comb += reads.eq((steps & UpdateStep.READS.value).any())
                    m.next = "Steps"

        sent = Signal(range(3))
        pending = Signal(range(2 * self.outstanding + 2))
        given = port.o.valid & port.o.ready
        found = results.p.result
        words = Array([found.code.as_unsigned(), found.count + found.zeros, found.status])
        m.d.comb += [
            port.o.valid.eq(results.valid),
            port.o.p.word.eq(words[sent]),
            port.o.p.last.eq(sent == 2),
            results.ready.eq(port.o.ready & port.o.p.last),
            port.pending.eq(pending != 0),
        ]
        with m.If(given):
            m.d.sync += sent.eq(sent + 1)
            with m.If(port.o.p.last):
                m.d.sync += sent.eq(0)
        m.d.sync += pending.eq(pending + reads - (given & port.o.p.last))
        return m
