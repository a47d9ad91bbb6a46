"""Partial states of a packet to the packet's state: the state loop of the engine."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.masked_sum import masked_sum
from ..primitives.pipeline import any_by_fours, delayed, flow, named
from ..spec.counts import check_count
from ..spec.log_format import Q16_16, LogFormat
from .highest_bin import bin_key, is_above
from .window import KEPT_LATENCY, kept_slots, top_bits, window_layout

__all__ = ["Accumulator"]

_TOP_CYCLES = 3


class Accumulator(wiring.Component):
    """The exact sum of a packet's partial states, cut at the window under the highest top.

    There are two loops, in different stages: the running top and the slots. A new top clears the
    slots that it takes over; nothing is shifted, and no carry leaves a slot. A packet may follow
    another in the next cycle.

    The loop of the top has a comparison, a decision and a choice, each in a cycle of its own. A
    beat is compared with the top of three beats ago and with the two beats between; which of the
    three counts is known when it is decided. A slot is added in two halves, the higher one a cycle
    later.

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
        ``present`` is 0 in a cycle without a beat.
    o : flow of `window_layout`
        One state per packet.
    """

    latency = _TOP_CYCLES + KEPT_LATENCY + 2

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        check_count("lanes", lanes)
        self.fmt = fmt
        self.lanes = lanes
        partial = data.StructLayout({"state": window_layout(fmt, lanes), "last": 1})
        super().__init__({"i": In(flow(partial)), "o": Out(flow(window_layout(fmt)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        incoming = self.i.p.state
        first = Signal(init=1)
        with m.If(self.i.valid):
            m.d.sync += first.eq(self.i.p.last)

        # In cycle 3 the key of the packet so far, that of each beat, and that before it.
        key = bin_key(incoming.present, incoming.top)
        top, own = self._tops(m, named(m, key, "key"), first & self.i.valid)
        before = delayed(m, top, 1, "before")
        # The sums of an absent state are zero, so its mask does not matter. That of the packet
        # before does: the first beat keeps none of its sums.
        numbers = [one[: top_bits(fmt)] for one in (top, before, own)]
        is_first = delayed(m, first, _TOP_CYCLES, "is_first")
        keep_old = kept_slots(m, numbers[0], numbers[1], fmt, "old", none=is_first)
        keep_new = kept_slots(m, numbers[0], numbers[2], fmt, "new")

        low_cycle = self.latency - 2
        valids = [delayed(m, self.i.valid, low_cycle, "valid", reset=True)]
        valids.append(delayed(m, valids[0], 1, "valid_high", reset=True))
        # Inverted before the last wire: no look-up table lies between it and a carry chain.
        goes_on = [delayed(m, ~is_first, low_cycle - _TOP_CYCLES, "goes_on")]
        goes_on.append(delayed(m, goes_on[0], 1, "goes_on_high"))
        # The output is these registers in the cycle after a packet's last beat, before the next
        # packet's first beat replaces them.
        for j in range(fmt.slots):
            part = delayed(m, incoming.slots[j], low_cycle, f"part_{j}")
            old, new = keep_old[j], keep_new[j]
            total = self._running(m, platform, fmt.cell_bits, old, part, new, valids, f"slot_{j}")
            m.d.comb += self.o.p.slots[j].eq(total)
        count, full = self._counted(m, platform, first, low_cycle)
        over = Signal(reset_less=True)
        with m.If(valids[1]):
            # Sticky one beat later; the count cannot wrap in between.
            m.d.sync += over.eq(goes_on[1] & (over | full))
        last = delayed(m, self.i.p.last, low_cycle + 1, "last")
        late = delayed(m, top, self.latency - _TOP_CYCLES, "top")
        m.d.comb += [
            self.o.p.present.eq(late[-1]),
            self.o.p.top.eq(Cat(late[:-2], ~late[-2]).as_signed()),
            self.o.p.count.eq(count),
            self.o.p.over.eq(over | full),
            self.o.valid.eq(delayed(m, valids[1] & last, 1, "done", reset=True)),
        ]
        return m

    def _tops(self, m: Module, key: Signal, first: Value) -> tuple[Signal, Value]:
        """Return the highest key of a packet so far, and the beat's own, after `_TOP_CYCLES`.

        What is no beat has the key of an absent state, and is never a first one.
        """
        key_q1 = delayed(m, key, 1, "key")
        key_q2 = delayed(m, key_q1, 1, "key_q1")
        top = Signal(len(key), name="highest", reset_less=True)
        above_top_q1 = delayed(m, is_above(key, top), 1, "above_top")
        above_second_q1 = delayed(m, is_above(key, key_q2), 1, "above_second")
        above_last_q1 = delayed(m, is_above(key, key_q1), 1, "above_last")
        first_q1 = delayed(m, first, 1, "first_beat", reset=True)
        # Whether the beat before rose to the top is in the register, and the one before that beat.
        rises_q2 = Signal()
        rises_q3 = delayed(m, rises_q2, 1, "rises", reset=True)
        above_q1 = Mux(rises_q2, above_last_q1, Mux(rises_q3, above_second_q1, above_top_q1))
        m.d.sync += rises_q2.eq(first_q1 | above_q1)
        with m.If(rises_q2):
            m.d.sync += top.eq(key_q2)
        return top, delayed(m, key_q2, 1, "own")

    def _counted(
        self, m: Module, platform: object, first: Value, low_cycle: int
    ) -> tuple[Value, Value]:
        """Return the finite codes of a packet so far, and whether they are above the capacity.

        No top decides what is kept of a count: it is added two cycles before the sums, and what it
        is compared with, a power of two, is looked at four bits at a time.
        """
        cycle = low_cycle - 2
        valids = [delayed(m, self.i.valid, cycle, "counted", reset=True)]
        valids.append(delayed(m, valids[0], 1, "counted_high", reset=True))
        keep = delayed(m, ~first, cycle, "counts_on")
        part = delayed(m, self.i.p.state.count, cycle, "count_in")
        count = self._running(
            m, platform, len(self.o.p.count), keep, part, Const(1, 1), valids, "count"
        )
        below = any_by_fours(m, count[:-1], 2, "count_some")
        full = delayed(m, count[-1], 2, "count_highest") & below.any()
        return delayed(m, count, 2, "count_late"), full

    def _running(
        self,
        m: Module,
        platform: object,
        bits: int,
        keep: Value,
        part: Value,
        use: Value,
        valids: list[Value],
        name: str,
    ) -> Value:
        """Return a sum of parts, after 2 cycles: ``(sum if keep else 0) + (part if use else 0)``.

        The higher half needs only the carry, and comes a cycle later.
        """
        low = Signal(min(bits, max(bits + 1 >> 1, len(part))), name=f"{name}_low", reset_less=True)
        high = Signal(bits - len(low), name=f"{name}_high", reset_less=True)
        total = masked_sum(m, platform, low, keep, part, use, f"{name}_low_sum")
        with m.If(valids[0]):
            m.d.sync += low.eq(total)
        if len(high):
            carry = delayed(m, total[len(low)], 1, f"{name}_carry")
            keep = delayed(m, keep, 1, f"{name}_keep")
            total = masked_sum(m, platform, high, keep, carry, Const(1, 1), f"{name}_high_sum")
            with m.If(valids[1]):
                m.d.sync += high.eq(total)
        return Cat(delayed(m, low, 1, f"{name}_low"), high)
