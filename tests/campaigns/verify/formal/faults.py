"""Units with a planted fault, for the proofs to refute."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import connect, flipped

from consilience_hw.link.cobs_decoder import CobsDecoder
from consilience_hw.log_sum_exp.axi_log_sum_exp import AxiLogSumExp
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.monitor.admission import Admission
from consilience_hw.monitor.code_sum import code_sum, is_zero
from consilience_hw.reduction.accumulator import Accumulator
from consilience_hw.reduction.tree_reducer import TreeReducer
from tests.campaigns.verify.formal.monitor_steps import CodeSum
from tests.campaigns.verify.formal.queues import Queue

__all__ = [
    "CarryingAccumulator",
    "DeafDecoder",
    "FickleLogSumExp",
    "HastyAdmission",
    "HastyMarks",
    "LossyQueue",
    "LowReducer",
    "WetCodeSum",
]


class FickleLogSumExp(LogSumExp):
    """A `LogSumExp` that withdraws a result while a code comes in."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = inner = LogSumExp(self.fmt, self.lanes)
        connect(m, flipped(self.i), inner.i)
        m.d.comb += [
            self.o.p.eq(inner.o.p),
            self.o.valid.eq(inner.o.valid & ~self.i.valid),
            inner.o.ready.eq(self.o.ready & ~self.i.valid),
        ]
        return m


class LowReducer(TreeReducer):
    """A `TreeReducer` whose window reaches a bin lower."""

    def _masks(
        self, m: Module, lane: int, term: data.View, highest: Value, place_q2: Value
    ) -> list[Signal]:
        return super()._masks(m, lane, term, (highest - 1)[: len(highest)], place_q2)


class HastyMarks(AxiLogSumExp):
    """An `AxiLogSumExp` whose `tlast` goes on to the next packet while a result waits."""

    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        m.d.comb += m.submodules.ends.r_en.eq(self.m_axis_tvalid)
        return m


class LossyQueue(Queue):
    """A FIFO that takes what it has no room for."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fifo = fifo = SyncFIFOBuffered(width=self.width, depth=self.depth)
        m.d.comb += [
            fifo.w_data.eq(self.i.p),
            fifo.w_en.eq(self.i.valid),
            self.i.ready.eq(1),
            self.o.p.eq(fifo.r_data),
            self.o.valid.eq(fifo.r_rdy),
            fifo.r_en.eq(self.o.ready),
        ]
        return m


class DeafDecoder(CobsDecoder):
    """A decoder that takes a zero after 255 for another byte of the block."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = inner = CobsDecoder()
        before = Signal(8)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += before.eq(self.i.p)
        m.d.comb += [
            inner.i.p.eq(Mux((self.i.p == 0) & (before == 255), 1, self.i.p)),
            inner.i.valid.eq(self.i.valid),
            self.i.ready.eq(inner.i.ready),
            inner.resync.eq(self.resync),
            self.inside.eq(inner.inside),
        ]
        connect(m, inner.o, flipped(self.o))
        return m


class CarryingAccumulator(Accumulator):
    """An accumulator that carries from slot 0 into slot 1: the sum is right, the bins are not."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.inner = inner = Accumulator(self.fmt, self.lanes)
        low, high = inner.o.p.slots[0], inner.o.p.slots[1]
        m.d.comb += [
            inner.i.p.eq(self.i.p),
            inner.i.valid.eq(self.i.valid),
            self.o.valid.eq(inner.o.valid),
            self.o.p.eq(inner.o.p),
            self.o.p.slots[0].eq(low[: self.fmt.bin_width]),
            self.o.p.slots[1].eq(high + (low >> self.fmt.bin_width)),
        ]
        return m


class HastyAdmission(Admission):
    """An `Admission` that does not hold a WRITE that brings flags: as if they were new to all."""

    def _held(self, m: Module, *arguments: Value) -> Value:
        held = super()._held(m, *arguments)
        return held & ~self.o.p.flags.any()


class WetCodeSum(CodeSum):
    """A sum in which a second log of zero is the lowest code."""

    def elaborate(self, platform: object) -> Module:
        m = Module()
        b = Mux(is_zero(self.i.p.b), self.i.p.b + 1, self.i.p.b)
        code, cut = code_sum(m, self.i.p.a, b, "sum")
        m.d.comb += [self.o.p.code.eq(code), self.o.p.cut.eq(cut)]
        valid = Signal(2)
        m.d.sync += valid.eq(valid << 1 | self.i.valid)
        m.d.comb += self.o.valid.eq(valid[-1])
        return m
