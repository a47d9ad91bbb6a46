"""Two windowed states to one: the upper levels of every reduction tree."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.masked_sum import masked_sum
from ..primitives.pipeline import delayed, flow
from ..spec.log_format import Q16_16, LogFormat
from .window import KEPT_LATENCY, kept_slots, later_top, window_layout

__all__ = ["PacketMerge"]


class PacketMerge(wiring.Component):
    """The windowed state of the union of two multisets: associative, commutative, exact.

    The higher top sets the window. The bins of the other state below it are cleared, and the slots
    are added pairwise, without carries between them. Above the capacity `over` is set; it is
    sticky, so a tree of any size reports it.

    Latency: `latency` cycles for all data. Throughput: one pair per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.

    Members
    -------
    i : flow of ArrayLayout(`window_layout`, 2)
    o : flow of `window_layout`
    """

    latency = KEPT_LATENCY + 3

    def __init__(self, fmt: LogFormat = Q16_16) -> None:
        self.fmt = fmt
        state = window_layout(fmt)
        super().__init__({"i": In(flow(data.ArrayLayout(state, 2))), "o": Out(flow(state))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        a, b = self.i.p[0], self.i.p[1]
        # Cycle 1: which top is the higher. Cycle 2: the top. Then the masks, then the sums.
        later_q1 = delayed(m, later_top(a.present, a.top, b.present, b.top), 1, "later")
        a_top_q1, b_top_q1 = delayed(m, a.top, 1, "a_top"), delayed(m, b.top, 1, "b_top")
        top_q2 = delayed(m, Mux(later_q1, b_top_q1, a_top_q1), 1, "top")
        before_sum = self.latency - 1
        # The slots of an absent state are zero: it needs no mask of its own.
        keep_a = kept_slots(m, top_q2, delayed(m, a_top_q1, 1, "a_top_q1"), fmt, "a")
        keep_b = kept_slots(m, top_q2, delayed(m, b_top_q1, 1, "b_top_q1"), fmt, "b")
        for j in range(fmt.slots):
            slot_a = delayed(m, a.slots[j], before_sum, f"a_{j}")
            slot_b = delayed(m, b.slots[j], before_sum, f"b_{j}")
            total = masked_sum(m, platform, slot_a, keep_a[j], slot_b, keep_b[j], f"sum_{j}")
            register = Signal.like(self.o.p.slots[j], name=f"slot_{j}", reset_less=True)
            m.d.sync += register.eq(total)
            m.d.comb += self.o.p.slots[j].eq(register)

        count_q1 = Signal(len(a.count) + 1, reset_less=True)
        m.d.sync += count_q1.eq(a.count + b.count)
        over_q1 = delayed(m, a.over | b.over, 1, "over")
        over_q2 = delayed(m, over_q1 | (count_q1 > fmt.capacity), 1, "over_or_full")
        count = delayed(m, count_q1, self.latency - 1, "count")
        m.d.comb += [
            self.o.p.count.eq(count),
            self.o.p.over.eq(delayed(m, over_q2, self.latency - 2, "over_late")),
            self.o.p.present.eq(delayed(m, a.present | b.present, self.latency, "present")),
            self.o.p.top.eq(delayed(m, top_q2, self.latency - 2, "top_late")),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m
