"""W terms of one beat to one partial windowed state."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from .exp2 import term_layout
from .highest_bin import bin_key, key_bits
from .log_format import Q16_16, LogFormat
from .pipeline import delayed, flow, reduced, tree_depth
from .window import window_layout

__all__ = ["TreeReducer", "terms_layout"]


def terms_layout(fmt: LogFormat, lanes: int) -> data.StructLayout:
    """Return the layout of a beat's terms: ``terms`` and ``highest``, their highest `bin_key`."""
    return data.StructLayout(
        {
            "terms": data.ArrayLayout(term_layout(fmt), lanes),
            "highest": unsigned(key_bits(fmt)),
        }
    )


class TreeReducer(wiring.Component):
    """The exact sum of a beat's terms, cut at the window under the beat's highest position.

    Each term, shifted to its place within a bin, is `parts` bins long. Part i (0 the highest)
    belongs to bin ``q - i``, q = position // B, and is kept iff ``top - q + i <= D``; it goes to
    slot ``(q - i) mod (D + 1)``. Each slot is then one balanced adder tree over the lanes. No
    carry leaves a slot, so the sum does not depend on the order of lanes.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        W, terms per beat, 1 or more.

    Members
    -------
    i : flow of `terms_layout`
    o : flow of `window_layout` for W codes
    """

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        if lanes < 1:
            raise ValueError(f"lanes must be at least 1, not {lanes}")
        self.fmt = fmt
        self.lanes = lanes
        super().__init__(
            {
                "i": In(flow(terms_layout(fmt, lanes))),
                "o": Out(flow(window_layout(fmt, lanes))),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles: six for a lane's parts to be at their slots, and the trees of sums."""
        return 6 + tree_depth(self.lanes)

    def elaborate(self, platform) -> Module:
        m = Module()
        fmt, lanes = self.fmt, self.lanes
        highest = self.i.p.highest
        slot_sums: list[list[Signal]] = [[] for _ in range(fmt.slots)]
        for lane in range(lanes):
            term = self.i.p.terms[lane]
            parts_q4 = self._cut_parts(m, lane, term, highest)
            bin_number = term.position[ceil_log2(fmt.bin_width) :]
            place_q4 = delayed(m, bin_number[: ceil_log2(fmt.slots)], 4, f"place_{lane}")
            for slot, part in enumerate(self._placed(m, lane, parts_q4, place_q4)):
                slot_sums[slot].append(part)

        for slot in range(fmt.slots):
            total = reduced(m, slot_sums[slot], lambda a, b: a + b, f"sum_{slot}")
            m.d.comb += self.o.p.slots[slot].eq(total)
        present = [delayed(m, term.present, 6, "present") for term in self.i.p.terms]
        m.d.comb += self.o.p.count.eq(reduced(m, present, lambda a, b: a + b, "count"))
        top = delayed(m, highest, self.latency, "top")
        m.d.comb += [
            self.o.p.present.eq(top[-1]),
            self.o.p.top.eq(Cat(top[:-2], ~top[-2]).as_signed()),
            self.o.p.over.eq(0),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m

    def _cut_parts(self, m: Module, lane: int, term, highest: Value) -> list[Signal]:
        """Return the kept parts of a term, highest first, after 4 cycles."""
        fmt = self.fmt
        bin_log = ceil_log2(fmt.bin_width)
        slot_log = ceil_log2(fmt.slots)
        # The mantissa's last bit stands at position - P: its place in the lowest part is
        # position - P modulo B, plus what P lacks to whole bins.
        padding = (fmt.parts - 1) * fmt.bin_width - fmt.mantissa_bits
        coarse = max(bin_log - 1, 0)
        shifted_q1 = Signal(
            fmt.mantissa_bits + 1 + (1 << coarse) - 1, name=f"shift_{lane}", reset_less=True
        )
        m.d.sync += shifted_q1.eq(term.mantissa << term.position[:coarse])
        shifted_q3 = delayed(m, shifted_q1, 2, f"shift_{lane}")
        half_q3 = delayed(m, term.position[coarse:bin_log], 3, f"half_{lane}")
        whole = Mux(half_q3, shifted_q3 << (1 << coarse), shifted_q3) << padding

        key = bin_key(term.present, term.position[bin_log:])
        below_q1 = Signal(len(key), name=f"below_{lane}", reset_less=True)
        m.d.sync += below_q1.eq(highest - key)
        near = delayed(m, term.present, 1, f"present_{lane}") & ~below_q1[slot_log:].any()
        near_q2 = delayed(m, near, 1, f"near_{lane}")
        below_q2 = delayed(m, below_q1[:slot_log], 1, f"below_{lane}_low")
        parts = []
        for i in range(fmt.parts):
            keep_q3 = Signal(name=f"keep_{lane}_{i}", reset_less=True)
            m.d.sync += keep_q3.eq(near_q2 & (below_q2 <= fmt.window_bins - i))
            low = (fmt.parts - 1 - i) * fmt.bin_width
            part = Signal(fmt.bin_width, name=f"cut_{lane}_{i}", reset_less=True)
            # AND instead of a multiplexer: cases that load zero would become synchronous-reset
            # nets, of which a tile has two.
            bits = whole[low : low + fmt.bin_width]
            m.d.sync += part.eq(bits & keep_q3.replicate(fmt.bin_width))
            parts.append(part)
        return parts

    def _placed(self, m: Module, lane: int, parts: list[Signal], place: Signal) -> list[Signal]:
        """Return a lane's contribution to each slot, after 2 cycles: the parts, rotated."""
        fmt = self.fmt
        none = Const(0, fmt.bin_width)
        # Before it is rotated, part i stands in slot -i.
        slots: list[Value] = [none] * fmt.slots
        for i, part in enumerate(parts):
            slots[-i % fmt.slots] = part
        for bit in range(len(place)):
            step = 1 << bit
            rotated = []
            for j in range(fmt.slots):
                stays, comes = slots[j], slots[(j - step) % fmt.slots]
                value = Signal(fmt.bin_width, name=f"rotated_{lane}_{bit}_{j}")
                m.d.comb += value.eq(
                    (stays & ~place[bit].replicate(fmt.bin_width))
                    | (comes & place[bit].replicate(fmt.bin_width))
                )
                rotated.append(value)
            slots = rotated
            # Registered before the last step and after it.
            if bit >= len(place) - 2:
                slots = [
                    delayed(m, slots[j], 1, f"placed_{lane}_{bit}_{j}") for j in range(fmt.slots)
                ]
                place = delayed(m, place, 1, f"place_{lane}_{bit}")
        return slots
