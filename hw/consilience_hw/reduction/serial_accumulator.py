"""`Accumulator` for devices that cannot hold it: one packet at a time, its tops known early."""

from amaranth.hdl import Cat, Const, Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.pipeline import delayed, flow
from ..spec.counts import check_count
from ..spec.log_format import Q16_16, LogFormat
from .highest_bin import key_bits
from .window import KEPT_LATENCY, kept_slots, top_bits, window_layout

__all__ = ["SerialAccumulator"]


class SerialAccumulator(wiring.Component):
    """The exact sum of a packet's partial states, cut at the window under the highest top.

    It does the same as `accumulator.Accumulator` in two thirds of the cells. The top of a state
    comes `lead` cycles before it, so nothing waits for the masks. All is cleared between two
    packets, so a first beat needs no masks. The bits of a slot above those of a part are reset, not
    masked, when the bin leaves the window.

    Latency: `latency` cycles from a packet's last beat, for all data. Throughput: one beat per
    cycle within a packet.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        Most codes that a partial state holds.

    Members
    -------
    highest : flow of `highest_bin.bin_key`
        Top and presence of each state, `lead` cycles before it.
    i : flow of {state: `window_layout` for `lanes` codes, last: 1}
        The state's own top and presence are not read.
    clear : in
        Strobe between two packets: the state is no longer needed.
    o : flow of `window_layout`
        One state per packet, which stays until `clear`.
    """

    latency = 1
    lead = KEPT_LATENCY + 1

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        check_count("lanes", lanes)
        self.fmt = fmt
        self.lanes = lanes
        partial = data.StructLayout({"state": window_layout(fmt, lanes), "last": 1})
        super().__init__(
            {
                "highest": In(flow(unsigned(key_bits(fmt)))),
                "i": In(flow(partial)),
                "clear": In(1),
                "o": Out(flow(window_layout(fmt))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        incoming = self.i.p.state

        # The loop of the top. The key of a present state is above 0, the key of no state.
        key = Signal(key_bits(fmt))
        with m.If(self.highest.valid & (self.highest.p > key)):
            m.d.sync += key.eq(self.highest.p)
        # Keys differ as bins do, except that of an absent state, whose sums are zero anyway.
        bits = top_bits(fmt)
        old = delayed(m, key[:bits], 1, "old_top")
        new = delayed(m, self.highest.p[:bits], 1, "new_top")
        keep_old = kept_slots(m, key[:bits], old, fmt, "old")
        keep_new = kept_slots(m, key[:bits], new, fmt, "new")

        # The loop of the sums.
        count = Signal.like(self.o.p.count)
        over = Signal()
        with m.If(self.i.valid):
            m.d.sync += [count.eq(count + incoming.count), over.eq(self.o.p.over)]
        for j in range(fmt.slots):
            slot = Signal(fmt.cell_bits, name=f"slot_{j}")
            part = incoming.slots[j]
            low = len(part)
            kept = slot & Cat(keep_old[j].replicate(low), Const(-1, fmt.cell_bits - low))
            with m.If(self.i.valid):
                m.d.sync += slot.eq(kept + (part & keep_new[j].replicate(low)))
            with m.If(self.clear | (self.i.valid & ~keep_old[j])):
                m.d.sync += slot[low:].eq(0)
            with m.If(self.clear):
                m.d.sync += slot[:low].eq(0)
            m.d.comb += self.o.p.slots[j].eq(slot)
        with m.If(self.clear):
            m.d.sync += [key.eq(0), count.eq(0), over.eq(0)]
        m.d.comb += [
            self.o.p.present.eq(key[-1]),
            self.o.p.top.eq(Cat(key[: bits - 1], ~key[bits - 1]).as_signed()),
            self.o.p.count.eq(count),
            # Sticky one beat later; the count cannot wrap in between.
            self.o.p.over.eq(over | (count > fmt.capacity)),
            self.o.valid.eq(delayed(m, self.i.valid & self.i.p.last, 1, "done", reset=True)),
        ]
        return m
