"""W terms of one beat to one partial windowed state."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..exp2.exp2 import term_layout
from ..primitives.masked_sum import masked_sum
from ..primitives.pipeline import any_by_fours, delayed, flow, reduced, tree_depth
from ..spec.counts import check_count
from ..spec.log_format import Q16_16, LogFormat
from .highest_bin import bin_key, key_bits
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
    slot ``(q - i) mod (D + 1)``. The parts are few: they are rotated among that many columns, and
    each slot takes its column or not. Each slot is then one balanced adder tree over the lanes. No
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
        ``present`` is 0 in a cycle without a beat.
    """

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        check_count("lanes", lanes)
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
        """Cycles: five until the parts of a lane are in their columns, and the adder trees."""
        return 5 + max(1, tree_depth(self.lanes))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt, lanes = self.fmt, self.lanes
        highest = self.i.p.highest
        columns_q5, takes_q5 = [], []
        for lane in range(lanes):
            term = self.i.p.terms[lane]
            number = term.position[ceil_log2(fmt.bin_width) :]
            place_q2 = delayed(m, number[: ceil_log2(fmt.slots)], 2, f"place_{lane}")
            place_q3 = delayed(m, place_q2, 1, f"place_{lane}_q2")
            place_q4 = delayed(m, place_q3, 1, f"place_{lane}_q3")
            masks_q4 = self._masks(m, lane, term, highest, place_q2)
            shifted_q3 = self._shifted(m, lane, term)
            rotated = self._rotated(m, lane, shifted_q3, place_q3, place_q4, masks_q4)
            columns_q5.append(rotated)
            takes_q5.append(self._takes(m, lane, place_q4))
        for slot in range(fmt.slots):
            parts = [columns[slot % len(columns)] for columns in columns_q5]
            takes = [take[slot] for take in takes_q5]
            self._sum(m, platform, slot, parts, takes)
        present = [delayed(m, term.present, 5, "present") for term in self.i.p.terms]
        count = reduced(m, present, lambda a, b: a + b, "count")
        m.d.comb += self.o.p.count.eq(delayed(m, count, 1, "count") if lanes == 1 else count)
        # Who needs the presence has no look-up table for the valid bit then; a reset ends both.
        present = highest[-1] & self.i.valid
        top = delayed(m, highest[:-1], self.latency, "top")
        m.d.comb += [
            self.o.p.present.eq(delayed(m, present, self.latency, "is_present", reset=True)),
            self.o.p.top.eq(Cat(top[:-1], ~top[-1]).as_signed()),
            self.o.p.over.eq(0),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m

    def _shifted(self, m: Module, lane: int, term: data.View) -> Signal:
        """Return a mantissa at its place within a bin, after 3 cycles: a third of the bits each.

        With bins of 8 that is a choice of two per cycle: no look-up table follows another.
        """
        bits = ceil_log2(self.fmt.bin_width)
        shifted, place = term.mantissa, term.position[:bits]
        for cycle in range(3):
            name = f"shift_{lane}_{cycle}"
            low, high = -(-bits * cycle // 3), -(-bits * (cycle + 1) // 3)
            shifted = delayed(m, _shifted_by(shifted, place, low, high), 1, name)
            place = delayed(m, place, 1, f"{name}_place")
        return shifted

    def _masks(
        self, m: Module, lane: int, term: data.View, highest: Value, place_q2: Value
    ) -> list[Signal]:
        """Return for each column whether its part is kept, after 4 cycles."""
        fmt = self.fmt
        slot_log = ceil_log2(fmt.slots)
        key = bin_key(term.present, term.position[ceil_log2(fmt.bin_width) :])
        below_q1 = Signal(len(key), name=f"below_{lane}", reset_less=True)
        m.d.sync += below_q1.eq(highest - key)
        far_q2 = any_by_fours(m, below_q1[slot_log:], 1, f"far_{lane}")
        near = delayed(m, term.present, 2, f"present_{lane}") & ~far_q2.any()
        near_q3 = delayed(m, near, 1, f"near_{lane}")
        below_q2 = delayed(m, below_q1[:slot_log], 1, f"below_{lane}_low")
        masks = []
        for column in range(self._columns):
            index = (place_q2 - column)[: ceil_log2(self._columns)]
            # A term that is near is high enough for its first part.
            inside = Cat(
                below_q2 <= fmt.window_bins - i if i else Const(1, 1) for i in range(fmt.parts)
            )
            name = f"mask_{lane}_{column}"
            inside_q3 = delayed(m, inside.bit_select(index, 1), 1, f"{name}_inside")
            masks.append(delayed(m, inside_q3 & near_q3, 1, name))
        return masks

    @property
    def _columns(self) -> int:
        """A power of two that is enough for the parts of a term."""
        return min(self.fmt.slots, 1 << ceil_log2(self.fmt.parts))

    def _rotated(
        self,
        m: Module,
        lane: int,
        shifted_q3: Signal,
        place_q3: Signal,
        place_q4: Signal,
        masks_q4: list[Signal],
    ) -> list[Signal]:
        """Return part i, if it is kept, in column ``(place - i) mod columns``, after 2 cycles."""
        fmt, count = self.fmt, self._columns
        # The last bit of the mantissa has position - P. Its place in the lowest part is that modulo
        # B, after P is padded to whole bins.
        padding = (fmt.parts - 1) * fmt.bin_width - fmt.mantissa_bits
        whole = shifted_q3 << padding
        columns: list[Value] = [Const(0, fmt.bin_width)] * count
        for i in range(fmt.parts):
            low = (fmt.parts - 1 - i) * fmt.bin_width
            columns[-i % count] = whole[low : low + fmt.bin_width]
        half = (ceil_log2(count) + 1) // 2
        columns = _turned(columns, place_q3, range(half))
        columns = [delayed(m, one, 1, f"turned_{lane}_{j}") for j, one in enumerate(columns)]
        columns = _turned(columns, place_q4, range(half, ceil_log2(count)))
        # AND instead of a multiplexer: a choice of zero would become a synchronous-reset net, of
        # which a tile has only two.
        return [
            delayed(m, one & mask.replicate(fmt.bin_width), 1, f"column_{lane}_{j}")
            for j, (one, mask) in enumerate(zip(columns, masks_q4, strict=True))
        ]

    def _takes(self, m: Module, lane: int, place: Signal) -> Signal:
        """Return for each slot whether it takes the part in its column, after 1 cycle.

        Slot j takes part ``(place - j) mod slots``, if there is such a part.
        """
        slots = self.fmt.slots
        takes = Cat((place - j)[: len(place)] < self._columns for j in range(slots))
        return delayed(m, takes, 1, f"takes_{lane}")

    def _sum(
        self, m: Module, platform: object, slot: int, parts: list[Signal], takes: list[Value]
    ) -> None:
        """Drive a slot with the sum of the parts of all lanes; the first adders mask them."""
        sums = []
        for index in range(0, len(parts), 2):
            name = f"sum_{slot}_{index // 2}"
            if index + 1 < len(parts):
                pair = parts[index], takes[index], parts[index + 1], takes[index + 1]
                value = masked_sum(m, platform, *pair, name)
            else:
                value = parts[index] & takes[index].replicate(len(parts[index]))
            sums.append(delayed(m, value, 1, name))
        m.d.comb += self.o.p.slots[slot].eq(reduced(m, sums, lambda a, b: a + b, f"sum_{slot}"))


def _shifted_by(value: Value, places: Value, low: int, high: int) -> Value:
    """Return `value` shifted left by what bits `low` to `high` of `places` say."""
    for bit in range(low, high):
        value = Mux(places[bit], value << (1 << bit), value)
    return value


def _turned(columns: list[Value], place: Value, bits: range) -> list[Value]:
    """Return the columns moved up by what some bits of `place` say."""
    for bit in bits:
        step = 1 << bit
        columns = [
            Mux(place[bit], columns[(j - step) % len(columns)], columns[j])
            for j in range(len(columns))
        ]
    return columns
