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
        states = [self.i.p[0], self.i.p[1]]
        top = Signal.like(states[0].top)
        m.d.comb += top.eq(Mux(later_top(*states), states[1].top, states[0].top))

        masked_q2 = []
        for side, state in enumerate(states):
            low_q1 = delayed(m, state.top[:slot_log], 1, f"low_{side}")
            drop_q1 = delayed(m, drop_distance(m, state, top, f"side_{side}"), 1, f"drop_{side}")
            slots_q1 = delayed(m, state.slots, 1, f"slots_{side}")
            # The slots of an absent state are zero: it needs no mask of its own.
            mask = kept_slots(low_q1, drop_q1, fmt.slots)
            masked_q2.append(
                [
                    delayed(m, slots_q1[j] & mask[j].replicate(fmt.cell_bits), 1, f"m_{side}_{j}")
                    for j in range(fmt.slots)
                ]
            )
        for j in range(fmt.slots):
            m.d.sync += self.o.p.slots[j].eq(masked_q2[0][j] + masked_q2[1][j])

        count_q1 = Signal(len(states[0].count) + 1, reset_less=True)
        m.d.sync += count_q1.eq(states[0].count + states[1].count)
        over_q1 = delayed(m, states[0].over | states[1].over, 1, "over")
        count_q2 = delayed(m, count_q1, 1, "count")
        over_q2 = delayed(m, over_q1 | (count_q1 > fmt.capacity), 1, "over_or_full")
        m.d.sync += [self.o.p.count.eq(count_q2), self.o.p.over.eq(over_q2)]
        m.d.comb += [
            self.o.p.present.eq(
                delayed(m, states[0].present | states[1].present, self.latency, "present")
            ),
            self.o.p.top.eq(delayed(m, top, self.latency, "top")),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m
