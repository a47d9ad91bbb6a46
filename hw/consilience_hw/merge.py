"""Two windowed states to one: the upper levels of every reduction tree."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from .log_format import Q16_16, LogFormat
from .pipeline import delayed, flow
from .window import drop_distance, kept_slots, later_top, window_layout

__all__ = ["Merge"]


class Merge(wiring.Component):
    """The windowed state of the union of two multisets: associative, commutative, exact.

    The higher top rules; from the other state the bins below its window are cleared, and the
    slots are added pairwise, without carries between them. Lanes, clusters and boards merge so.
    Above the capacity `over` is set; it is sticky, so a tree of any size stays honest.

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

    latency = 3

    def __init__(self, fmt: LogFormat = Q16_16) -> None:
        self.fmt = fmt
        state = window_layout(fmt)
        super().__init__({"i": In(flow(data.ArrayLayout(state, 2))), "o": Out(flow(state))})

    def elaborate(self, platform) -> Module:
        m = Module()
        fmt = self.fmt
        slot_log = ceil_log2(fmt.slots)
        a, b = self.i.p[0], self.i.p[1]
        top = Signal.like(a.top)
        m.d.comb += top.eq(Mux(later_top(a.present, a.top, b.present, b.top), b.top, a.top))

        masked_q2 = []
        for state, name in ((a, "a"), (b, "b")):
            drop = drop_distance(m, top, state.top, fmt.slots, name)
            low_q1 = delayed(m, state.top[:slot_log], 1, f"{name}_low")
            drop_q1 = delayed(m, drop, 1, f"{name}_drop")
            # The slots of an absent state are zero: it needs no mask of its own.
            keep = kept_slots(m, low_q1, drop_q1, fmt.slots, name)
            for j in range(fmt.slots):
                slot_q1 = delayed(m, state.slots[j], 1, f"{name}_{j}")
                masked = slot_q1 & keep[j].replicate(fmt.cell_bits)
                masked_q2.append(delayed(m, masked, 1, f"{name}_masked_{j}"))
        for j in range(fmt.slots):
            m.d.sync += self.o.p.slots[j].eq(masked_q2[j] + masked_q2[fmt.slots + j])

        count_q1 = Signal(len(a.count) + 1, reset_less=True)
        m.d.sync += count_q1.eq(a.count + b.count)
        over_q1 = delayed(m, a.over | b.over, 1, "over")
        count_q2 = delayed(m, count_q1, 1, "count")
        over_q2 = delayed(m, over_q1 | (count_q1 > fmt.capacity), 1, "over_or_full")
        m.d.sync += [self.o.p.count.eq(count_q2), self.o.p.over.eq(over_q2)]
        m.d.comb += [
            self.o.p.present.eq(delayed(m, a.present | b.present, self.latency, "present")),
            self.o.p.top.eq(delayed(m, top, self.latency, "top")),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m
