"""W terms of one beat to one partial windowed state."""

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from .exp2 import term_layout
from .log_format import Q16_16, LogFormat
from .pipeline import delayed, flow, named, reduced, tree_depth
from .window import top_bits, window_layout

__all__ = ["TreeReducer"]


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
    i : flow of ArrayLayout(`term_layout`, lanes)
    o : flow of `window_layout` for W codes
    """

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        if lanes < 1:
            raise ValueError(f"lanes must be at least 1, not {lanes}")
        self.fmt = fmt
        self.lanes = lanes
        super().__init__(
            {
                "i": In(flow(data.ArrayLayout(term_layout(fmt), lanes))),
                "o": Out(flow(window_layout(fmt, lanes))),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles: the tree of tops, cutting, placing, the trees of sums, and the output."""
        return 2 * tree_depth(self.lanes) + 3

    def elaborate(self, platform) -> Module:
        m = Module()
        fmt, lanes = self.fmt, self.lanes
        depth = tree_depth(lanes)
        bin_log = ceil_log2(fmt.bin_width)

        # Positions compare as unsigned keys: the sign bit inverted, presence above it; an absent
        # term has key 0.
        key_layout = unsigned(top_bits(fmt) + 1)
        keys = []
        for lane in range(lanes):
            key = Signal(key_layout, name=f"key_{lane}")
            position_bin = self.i.p[lane].position[bin_log:]
            m.d.comb += key.eq(
                Mux(self.i.p[lane].present, Cat(position_bin[:-1], ~position_bin[-1], 1), 0)
            )
            keys.append(key)
        top_key = reduced(m, keys, lambda a, b: Mux(a > b, a, b), "top_key")

        slot_sums = [[] for _ in range(fmt.slots)]
        for lane in range(lanes):
            term = delayed(m, self.i.p[lane], depth, f"term_{lane}")
            key = delayed(m, keys[lane], depth, f"key_{lane}")
            parts, place = self._cut_parts(m, lane, term, named(m, top_key - key, f"below_{lane}"))
            for slot in range(fmt.slots):
                part = Signal(fmt.bin_width, name=f"part_{lane}_{slot}", reset_less=True)
                # AND-OR instead of a multiplexer: cases that load zero would become
                # synchronous-reset nets.
                selected = 0
                for i in range(fmt.parts):
                    here = Signal(name=f"here_{lane}_{slot}_{i}")
                    m.d.comb += here.eq(place == (slot + i) % fmt.slots)
                    selected = selected | (parts[i] & here.replicate(fmt.bin_width))
                m.d.sync += part.eq(selected)
                slot_sums[slot].append(part)

        for slot in range(fmt.slots):
            total = reduced(m, slot_sums[slot], lambda a, b: a + b, f"sum_{slot}")
            m.d.sync += self.o.p.slots[slot].eq(total)
        present = [delayed(m, key[-1], depth + 2, "present") for key in keys]
        m.d.sync += self.o.p.count.eq(reduced(m, present, lambda a, b: a + b, "count"))
        top = delayed(m, top_key, depth + 3, "top")
        m.d.comb += [
            self.o.p.present.eq(top[-1]),
            self.o.p.top.eq(Cat(top[:-2], ~top[-2]).as_signed()),
            self.o.p.over.eq(0),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m

    def _cut_parts(self, m: Module, lane: int, term, distance) -> tuple[list, Signal]:
        """Return the kept parts of a term, highest first, and q mod (D + 1), one cycle later."""
        fmt = self.fmt
        bin_log = ceil_log2(fmt.bin_width)
        slot_log = ceil_log2(fmt.slots)
        # The mantissa's last bit stands at position - P: its place in the lowest part is
        # position - P modulo B, plus what P lacks to whole bins.
        padding = (fmt.parts - 1) * fmt.bin_width - fmt.mantissa_bits
        shifted = named(m, (term.mantissa << padding) << term.position[:bin_log], f"shift_{lane}")
        parts = []
        for i in range(fmt.parts):
            low = (fmt.parts - 1 - i) * fmt.bin_width
            keep = Signal(name=f"keep_{lane}_{i}")
            m.d.comb += keep.eq(term.present & (distance <= fmt.window_bins - i))
            part = Signal(fmt.bin_width, name=f"cut_{lane}_{i}", reset_less=True)
            m.d.sync += part.eq(shifted[low : low + fmt.bin_width] & keep.replicate(fmt.bin_width))
            parts.append(part)
        place = term.position[bin_log : bin_log + slot_log]
        return parts, delayed(m, place, 1, f"place_{lane}")
