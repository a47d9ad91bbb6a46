"""Partial states of a packet to the packet's state: the state loop of the engine."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.masked_sum import masked_sum
from ..primitives.pipeline import delayed, flow, named
from ..spec.log_format import Q16_16, LogFormat
from .window import KEPT_LATENCY, kept_slots, later_top, window_layout

__all__ = ["Accumulator"]


class Accumulator(wiring.Component):
    """The exact sum of a packet's partial states, cut at the window under the highest top.

    There are two loops of one cycle each, in different stages: the running top (one comparison) and
    the slots (one masked addition). A new top clears the slots that it takes over; nothing is
    shifted, and no carry leaves a slot. A packet may follow another in the next cycle.

    Latency: `latency` cycles from a packet's last beat, for all data. Throughput: one beat per
    cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        Most codes that a partial state holds.

    Members
    -------
    i : flow of {state: `window_layout` for `lanes` codes, last: 1}
    o : flow of `window_layout`
        One state per packet.
    """

    latency = KEPT_LATENCY + 2

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        self.fmt = fmt
        self.lanes = lanes
        partial = data.StructLayout({"state": window_layout(fmt, lanes), "last": 1})
        super().__init__({"i": In(flow(partial)), "o": Out(flow(window_layout(fmt)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        incoming = self.i.p.state
        before_sum = self.latency - 1

        # The loop of the top, in cycle 1.
        present = Signal()
        top = Signal.like(incoming.top, reset_less=True)
        first = Signal(init=1)
        kept = named(m, present & ~first, "kept")
        rises = later_top(kept, top, incoming.present, incoming.top)
        with m.If(self.i.valid):
            m.d.sync += [
                first.eq(self.i.p.last),
                present.eq(kept | incoming.present),
                top.eq(Mux(rises, incoming.top, top)),
            ]

        # The masks. The sums of an absent state are zero, so its mask does not matter. That of the
        # packet before does: the first beat keeps none of its sums.
        keep_old = kept_slots(m, top, delayed(m, top, 1, "old_top"), fmt, "old")
        keep_new = kept_slots(m, top, delayed(m, incoming.top, 1, "new_top"), fmt, "new")
        first_late = delayed(m, first, before_sum, "first")
        valid_late = delayed(m, self.i.valid, before_sum, "valid", reset=True)
        last_late = delayed(m, self.i.p.last, before_sum, "last")

        # The loop of the sums, in the last cycle. The output is these registers in the cycle after
        # a packet's last beat, before the next packet's first beat replaces them.
        count = Signal.like(self.o.p.count, reset_less=True)
        over = Signal(reset_less=True)
        kept_count = named(m, count & ~first_late.replicate(len(count)), "kept_count")
        count_late = delayed(m, incoming.count, before_sum, "count")
        with m.If(valid_late):
            m.d.sync += [
                count.eq(kept_count + count_late),
                # Sticky one beat later; the count cannot wrap in between.
                over.eq((over & ~first_late) | (kept_count > fmt.capacity)),
            ]
        for j in range(fmt.slots):
            slot = Signal(fmt.cell_bits, name=f"slot_{j}", reset_less=True)
            part = delayed(m, incoming.slots[j], before_sum, f"part_{j}")
            keep = keep_old[j] & ~first_late
            total = masked_sum(m, platform, slot, keep, part, keep_new[j], f"sum_{j}")
            with m.If(valid_late):
                m.d.sync += slot.eq(total)
            m.d.comb += self.o.p.slots[j].eq(slot)
        m.d.comb += [
            self.o.p.present.eq(delayed(m, present, before_sum, "present")),
            self.o.p.top.eq(delayed(m, top, before_sum, "top")),
            self.o.p.count.eq(count),
            self.o.p.over.eq(over | (count > fmt.capacity)),
            self.o.valid.eq(delayed(m, valid_late & last_late, 1, "done", reset=True)),
        ]
        return m
