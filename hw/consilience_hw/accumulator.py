"""Partial states of a packet to the packet's state: the state loop of the engine."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from .log_format import Q16_16, LogFormat
from .pipeline import delayed, flow
from .window import drop_distance, kept_slots, later_top, window_layout

__all__ = ["Accumulator"]


class Accumulator(wiring.Component):
    """The exact sum of a packet's partial states, cut at the window under the highest top.

    Two loops, one cycle each and in different stages: the running top (one comparison), and the
    slots (one masked addition). A new top clears the slots it takes over; nothing is shifted and
    no carry leaves a slot. A packet may follow another in the next cycle.

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

    latency = 4

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        self.fmt = fmt
        self.lanes = lanes
        partial = data.StructLayout({"state": window_layout(fmt, lanes), "last": 1})
        super().__init__({"i": In(flow(partial)), "o": Out(flow(window_layout(fmt)))})

    def elaborate(self, platform) -> Module:
        m = Module()
        fmt = self.fmt
        slot_log = ceil_log2(fmt.slots)
        incoming = self.i.p.state

        # Stage 1, the loop of the top: `total` is the packet's state so far, of which only
        # `present` and `top` live here.
        total = Signal(window_layout(fmt, 1))
        first = Signal(init=1)
        kept = Signal(window_layout(fmt, 1))  # total as seen by this beat: absent at the first
        m.d.comb += [
            kept.top.eq(total.top),
            kept.present.eq(total.present & ~first),
        ]
        rises = Signal()
        m.d.comb += rises.eq(later_top(kept, incoming))
        top = Signal.like(incoming.top)
        m.d.comb += top.eq(Mux(rises, incoming.top, total.top))
        with m.If(self.i.valid):
            m.d.sync += [
                first.eq(self.i.p.last),
                total.present.eq(kept.present | incoming.present),
                total.top.eq(top),
            ]
        old_low_q1 = delayed(m, total.top[:slot_log], 1, "old_low")
        new_low_q1 = delayed(m, incoming.top[:slot_log], 1, "new_low")
        old_drop_q1 = delayed(m, drop_distance(m, total, top, "old"), 1, "old_drop")
        new_drop_q1 = delayed(m, drop_distance(m, incoming, top, "new"), 1, "new_drop")
        # Sums of an absent state are zero: its mask does not matter. That of the packet before
        # is not: the first beat keeps none of it.
        first_q1 = delayed(m, first, 1, "first")
        slots_q1 = delayed(m, incoming.slots, 1, "slots")
        count_q2 = delayed(m, incoming.count, 2, "count")
        valid_q1 = delayed(m, self.i.valid, 1, "valid", reset=True)
        last_q1 = delayed(m, self.i.p.last, 1, "last")

        # Stage 2: masks.
        keep_q2 = Signal(fmt.slots, reset_less=True)
        m.d.sync += keep_q2.eq(
            kept_slots(old_low_q1, old_drop_q1, fmt.slots) & ~first_q1.replicate(fmt.slots)
        )
        new_mask = kept_slots(new_low_q1, new_drop_q1, fmt.slots)
        masked_q2 = [
            delayed(m, slots_q1[j] & new_mask[j].replicate(len(slots_q1[j])), 1, f"masked_{j}")
            for j in range(fmt.slots)
        ]
        first_q2 = delayed(m, first_q1, 1, "first_q1")
        valid_q2 = delayed(m, valid_q1, 1, "valid_q1", reset=True)
        last_q2 = delayed(m, last_q1, 1, "last_q1")

        # Stage 3, the loop of the sums.
        slots = Signal.like(self.o.p.slots, reset_less=True)
        count = Signal.like(self.o.p.count, reset_less=True)
        over = Signal(reset_less=True)
        kept_count = count & ~first_q2.replicate(len(count))
        with m.If(valid_q2):
            for j in range(fmt.slots):
                held = slots[j] & keep_q2[j].replicate(fmt.cell_bits)
                m.d.sync += slots[j].eq(held + masked_q2[j])
            m.d.sync += [
                count.eq(kept_count + count_q2),
                # Sticky from one beat later on; the count cannot wrap in between.
                over.eq((over & ~first_q2) | (kept_count > fmt.capacity)),
            ]

        # Stage 4: out, before the next packet's first beat replaces the sums.
        m.d.sync += [
            self.o.p.present.eq(delayed(m, total.present, 2, "present")),
            self.o.p.top.eq(delayed(m, total.top, 2, "top")),
            self.o.p.slots.eq(slots),
            self.o.p.count.eq(count),
            self.o.p.over.eq(over | (count > fmt.capacity)),
            self.o.valid.eq(delayed(m, valid_q2 & last_q2, 1, "done", reset=True)),
        ]
        return m
