"""The highest occupied bin of a multiset that changes with every beat."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..primitives.forwarding_memory import READ_TO_WORD, READ_TO_WRITTEN, ForwardingMemory
from ..primitives.pipeline import delayed, flow
from ..reduction.window import top_bits
from ..spec.log_format import Q16_16, LogFormat

__all__ = ["OccupiedBins", "bin_change_layout", "highest_bin_layout"]

ROW_BITS = 3
"""Bits of the number of a bin that give its place in its row."""
FIND_CYCLES = 2
"""Latency of `_highest_one`."""


def bin_change_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a change.

    ``bin``: unsigned, counted from the lowest bin of a position. ``add``, ``remove``: add a term to
    it, remove one. ``wipe``: empty it. None of these: no change.
    """
    return data.StructLayout({"bin": unsigned(top_bits(fmt)), "add": 1, "remove": 1, "wipe": 1})


def highest_bin_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of an answer: ``bin`` as in `bin_change_layout`, if ``present``."""
    return data.StructLayout({"bin": unsigned(top_bits(fmt)), "present": 1})


class OccupiedBins(wiring.Component):
    """``max(bin with a term in it)`` after each change, whatever was added and removed before.

    A count of terms per bin gives the occupied bins. Above the counts are three levels of occupancy
    bits: for a bin, for a row of 8 bins, for a block of rows. A change goes up through the levels,
    one after the other; the search goes down from the highest block. On its way down it must see
    the rows as its own beat found them, while later beats have already changed them. So the two
    lower levels exist twice: the searched copies are written later, in the very cycle in which the
    search of the same beat would read them. Every level is then in step with the beat that passes.

    Latency: `latency` cycles from a change to the highest bin after it, for all data. Throughput:
    one beat per cycle. The answer is that of beats without a change; for a beat with one it means
    nothing.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    codes : int
        Most terms in a bin.

    Members
    -------
    i : flow of `bin_change_layout`
    o : flow of `highest_bin_layout`
    """

    latency = 16

    def __init__(self, fmt: LogFormat = Q16_16, codes: int = 1 << 24) -> None:
        if top_bits(fmt) < ROW_BITS + 2:
            raise ValueError(f"{fmt} has too few bins for three levels: 32 or more are needed")
        self.fmt = fmt
        self.codes = codes
        super().__init__(
            {"i": In(flow(bin_change_layout(fmt))), "o": Out(flow(highest_bin_layout(fmt)))}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        change = self.i.p
        bits = len(change.bin)
        block_bits = (bits - ROW_BITS) // 2  # number of a row in its block
        above = ROW_BITS + block_bits
        enable = self.i.valid & (change.add | change.remove | change.wipe)
        changes = [enable] + [
            delayed(m, enable, age, f"change_{age}", reset=True) for age in (1, 2)
        ]
        wipes = [change.wipe] + [delayed(m, change.wipe, age, f"wipe_{age}") for age in (1, 2)]
        bins = [change.bin]
        for age in range(1, 10):
            bins.append(delayed(m, bins[-1], 1, f"bin_{age}"))

        # The counts, changed in cycle 3.
        m.submodules.counts = counts = ForwardingMemory(self.codes.bit_length(), 1 << bits)
        remove_q3 = delayed(m, change.remove & ~change.wipe, READ_TO_WORD, "remove")
        add_q3 = delayed(m, change.add & ~change.wipe, READ_TO_WORD, "add")
        minus_ones = remove_q3.replicate(counts.width - 1)
        m.d.comb += [
            counts.address.eq(change.bin),
            counts.enable.eq(enable),
            counts.clear.eq(change.wipe),
            counts.new.eq(counts.word + Cat(add_q3 | remove_q3, minus_ones)),
        ]
        # The rows in cycle 4, the blocks in cycle 5: each when the bit of the level below is known.
        m.submodules.rows = rows = ForwardingMemory(1 << ROW_BITS, 1 << bits - ROW_BITS)
        m.submodules.blocks = blocks = ForwardingMemory(1 << block_bits, 1 << bits - above)
        start = READ_TO_WRITTEN - READ_TO_WORD
        for level, low, high, age, bit in (
            (rows, 0, ROW_BITS, start, counts.written.any()),
            (blocks, ROW_BITS, above, 2 * start, rows.written.any()),
        ):
            m.d.comb += [
                level.address.eq(bins[age][high:]),
                level.enable.eq(changes[age]),
                level.clear.eq(wipes[age]),
                level.new.eq(_with_bit(level.word, bins[age + READ_TO_WORD][low:high], bit)),
            ]
        # Which blocks are occupied, changed in cycle 6.
        highest = Signal(1 << bits - above)
        change_q6 = delayed(m, changes[2], 4, "change_late", reset=True)
        with m.If(change_q6):
            m.d.sync += highest.eq(_with_bit(highest, bins[6][above:], blocks.written.any()))

        # Down again: the search reads in the cycle in which a change writes.
        block_q9, present_q9 = _highest_one(m, highest, "block")
        blocks_q9 = self._late_copy(m, "late_blocks", blocks, 6, 9, changes[2], bins, above)
        row_bits_q10 = self._read(m, blocks_q9, block_q9)
        row_q12, _ = _highest_one(m, row_bits_q10, "row")
        block_q12 = delayed(m, block_q9, 3, "block_found")
        row_number_q12 = Cat(row_q12, block_q12)
        rows_q12 = self._late_copy(m, "late_rows", rows, 5, 12, changes[2], bins, ROW_BITS)
        bin_bits_q14 = delayed(m, self._read(m, rows_q12, row_number_q12), 1, "bin_bits")
        bin_q16, _ = _highest_one(m, bin_bits_q14, "bin")
        m.d.comb += [
            self.o.p.bin.eq(Cat(bin_q16, delayed(m, row_number_q12, 4, "row_found"))),
            self.o.p.present.eq(delayed(m, present_q9, 7, "present")),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m

    def _late_copy(
        self,
        m: Module,
        name: str,
        level: ForwardingMemory,
        known: int,
        cycle: int,
        change_q2: Value,
        bins: list[Value],
        low: int,
    ) -> Memory:
        """Return a copy of a level, written in `cycle` with the words known in cycle `known`."""
        copy = Memory(shape=unsigned(level.width), depth=level.depth, init=[])
        m.submodules[name] = copy
        write = copy.write_port()
        last = len(bins) - 1
        address = bins[min(cycle, last)][low:]
        m.d.comb += [
            write.addr.eq(delayed(m, address, max(cycle - last, 0), f"{name}_address")),
            write.data.eq(delayed(m, level.written, cycle - known, f"{name}_data")),
            write.en.eq(delayed(m, change_q2, cycle - 2, f"{name}_change", reset=True)),
        ]
        return copy

    @staticmethod
    def _read(m: Module, memory: Memory, address: Value) -> Value:
        """Return the word at an address, after 1 cycle."""
        read = memory.read_port(domain="sync")
        m.d.comb += [read.addr.eq(address), read.en.eq(1)]
        return read.data


def _with_bit(word: Value, place: Value, bit: Value) -> Value:
    """Return the word with one bit replaced."""
    mask = (Const(1, 1) << place)[: len(word)]
    return (word & ~mask) | (mask & bit.replicate(len(word)))


def _highest_one(m: Module, word: Value, name: str) -> tuple[Value, Value]:
    """Return the place of the highest one bit and whether there is one, after `FIND_CYCLES`."""
    size = 1 << max(1, (len(word).bit_length() - 1) // 2)  # one for each group of bits
    places, occupied = [], []
    for low in range(0, len(word), size):
        group = word[low : low + size]
        places.append(delayed(m, _place(list(group)), 1, f"{name}_place_{low}"))
        occupied.append(delayed(m, group.any(), 1, f"{name}_any_{low}"))
    if len(places) == 1:
        place = places[0]
    else:
        chosen: Value = places[0]
        for other, there in zip(places[1:], occupied[1:], strict=True):
            chosen = Mux(there, other, chosen)
        place = Cat(chosen, _place(occupied))
    return (
        delayed(m, place, 1, f"{name}_highest"),
        delayed(m, Cat(*occupied).any(), 1, f"{name}_some"),
    )


def _place(bits: list[Value]) -> Value:
    """Return the place of the highest one among a power of two of bits."""
    width = (len(bits) - 1).bit_length()
    place: Value = Const(0, width)
    for number, bit in enumerate(bits):
        place = Mux(bit, Const(number, width), place)
    return place
