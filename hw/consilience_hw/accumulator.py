"""Partial states of a packet to the packet's state: the state loop of the engine."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from .log_format import Q16_16, LogFormat
from .pipeline import delayed, flow, named
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

    latency = 3

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

        # Stage 1, the loop of the top.
        present = Signal()
        top = Signal.like(incoming.top)
        first = Signal(init=1)
        new_top = Signal.like(incoming.top)
        kept = named(m, present & ~first, "kept")
        rises = later_top(kept, top, incoming.present, incoming.top)
        m.d.comb += new_top.eq(Mux(rises, incoming.top, top))
        with m.If(self.i.valid):
            m.d.sync += [
                first.eq(self.i.p.last),
                present.eq(kept | incoming.present),
                top.eq(new_top),
            ]
        old_drop = drop_distance(m, new_top, top, fmt.slots, "old")
        new_drop = drop_distance(m, new_top, incoming.top, fmt.slots, "new")
        old_drop_q1 = delayed(m, old_drop, 1, "old_drop")
        new_drop_q1 = delayed(m, new_drop, 1, "new_drop")
        old_low_q1 = delayed(m, top[:slot_log], 1, "old_low")
        new_low_q1 = delayed(m, incoming.top[:slot_log], 1, "new_low")
        # Sums of an absent state are zero: its mask does not matter. That of the packet before
        # does: the first beat keeps none of it.
        first_q1 = delayed(m, first, 1, "first")
        slots_q1 = [delayed(m, incoming.slots[j], 1, f"part_{j}") for j in range(fmt.slots)]
        count_q2 = delayed(m, incoming.count, 2, "count")
        valid_q1 = delayed(m, self.i.valid, 1, "valid", reset=True)

        # Stage 2: masks.
        keep_old = kept_slots(m, old_low_q1, old_drop_q1, fmt.slots, "old")
        keep_new = kept_slots(m, new_low_q1, new_drop_q1, fmt.slots, "new")
        keep_q2 = [delayed(m, keep_old[j] & ~first_q1, 1, f"keep_{j}") for j in range(fmt.slots)]
        masked_q2 = [
            delayed(m, slots_q1[j] & keep_new[j].replicate(len(slots_q1[j])), 1, f"masked_{j}")
            for j in range(fmt.slots)
        ]
        first_q2 = delayed(m, first_q1, 1, "first_q1")
        valid_q2 = delayed(m, valid_q1, 1, "valid_q1", reset=True)
        last_q2 = delayed(m, self.i.p.last, 2, "last")

        # Stage 3, the loop of the sums. The output is these registers in the cycle after a
        # packet's last beat, before the next packet's first beat replaces them.
        count = Signal.like(self.o.p.count, reset_less=True)
        over = Signal(reset_less=True)
        kept_count = named(m, count & ~first_q2.replicate(len(count)), "kept_count")
        with m.If(valid_q2):
            m.d.sync += [
                count.eq(kept_count + count_q2),
                # Sticky from one beat later on; the count cannot wrap in between.
                over.eq((over & ~first_q2) | (kept_count > fmt.capacity)),
            ]
        for j in range(fmt.slots):
            slot = Signal(fmt.cell_bits, name=f"slot_{j}", reset_less=True)
            held = slot & keep_q2[j].replicate(fmt.cell_bits)
            with m.If(valid_q2):
                m.d.sync += slot.eq(held + masked_q2[j])
            m.d.comb += self.o.p.slots[j].eq(slot)
        m.d.comb += [
            self.o.p.present.eq(delayed(m, present, 2, "present")),
            self.o.p.top.eq(delayed(m, top, 2, "top")),
            self.o.p.count.eq(count),
            self.o.p.over.eq(over | (count > fmt.capacity)),
            self.o.valid.eq(delayed(m, valid_q2 & last_q2, 1, "done", reset=True)),
        ]
        return m
