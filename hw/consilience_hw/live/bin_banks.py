"""All bins of a log sum in block RAM; every cycle changes or reads a window of them."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..exp2.exp2 import term_layout
from ..primitives.forwarding_memory import READ_TO_WORD, READ_TO_WRITTEN, ForwardingMemory
from ..primitives.pipeline import delayed, flow
from ..reduction.window import top_bits
from ..spec.log_format import Q16_16, LogFormat
from .bin_check import damage, damage_latency

__all__ = ["BinBanks", "bank_beat_layout", "bank_window_layout", "cell_layout"]


def cell_layout(fmt: LogFormat, codes: int) -> data.StructLayout:
    """Return the layout of a bin's cell: ``sum`` of the parts, number of ``terms`` of the bin."""
    return data.StructLayout(
        {
            "sum": unsigned(fmt.bin_width + ceil_log2(codes)),
            "terms": unsigned(codes.bit_length()),
        }
    )


def bank_beat_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a beat.

    ``highest``: top bin of the window, unsigned, counted from the lowest bin of a position.
    ``add``, ``remove``: what to do with ``term``, whose bin is `BinBanks.reach` below the top.
    ``wipe``: empty the window.
    """
    return data.StructLayout(
        {
            "highest": unsigned(top_bits(fmt) + 1),
            "term": term_layout(fmt),
            "add": 1,
            "remove": 1,
            "wipe": 1,
        }
    )


def bank_window_layout(fmt: LogFormat, codes: int) -> data.StructLayout:
    """Return the layout of a window.

    ``slots``: the sums; slot j is that of the one bin congruent to j modulo their number.
    ``damaged``: a beat before left a state that no multiset has.
    """
    shape = cell_layout(fmt, codes).members["sum"]
    return data.StructLayout({"slots": data.ArrayLayout(shape, fmt.slots), "damaged": 1})


class BinBanks(wiring.Component):
    """Sums of parts and numbers of terms per bin, in interleaved banks.

    There are as many banks as a window has bins, and bin b is in bank b modulo their number: any
    window is one word of each bank. A term changes the bins of its parts, the lowest of which may
    lie below the lowest position: these few bins are registers. A beat that changes nothing reads.

    Changed bins are checked after each change. The number of terms must not be below zero. The sum
    must not be below the number of terms, because each has its leading bit there, nor above
    ``2**B - 1`` for each term that reaches the bin. All other bins were checked when they were
    changed: so the whole state keeps these bounds, or is `damaged` until all of it is wiped.

    Latency: `latency` from a beat to its window, `check_latency` to `damaged` after it, for all
    data. Throughput: one beat per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format; `2 * fmt.parts - 1` bins must fit into a window.
    codes : int
        Most terms of the state.

    Members
    -------
    i : flow of `bank_beat_layout`
    o : flow of `bank_window_layout`
        ``slots`` after `latency`. ``damaged`` covers all beats before that of `check_latency`
        cycles ago.
    """

    latency = 1 + READ_TO_WORD

    def __init__(self, fmt: LogFormat = Q16_16, codes: int = 1 << 24) -> None:
        if 2 * fmt.parts - 1 > fmt.slots:
            raise ValueError(f"{fmt}: the neighbours of {fmt.parts} parts do not fit one window")
        self.fmt = fmt
        self.codes = codes
        super().__init__(
            {
                "i": In(flow(bank_beat_layout(fmt))),
                "o": Out(flow(bank_window_layout(fmt, codes))),
            }
        )

    @property
    def reach(self) -> int:
        """Bins from the bin of a term to the top of the window in which it is changed."""
        return self.fmt.slots - self.fmt.parts

    @property
    def check_latency(self) -> int:
        """Cycles from a beat to the check of the beats before it."""
        return 1 + READ_TO_WRITTEN + damage_latency(self.fmt)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt, slots = self.fmt, self.fmt.slots
        slot_log = ceil_log2(slots)
        beat = self.i.p
        enable = self.i.valid & (beat.add | beat.remove | beat.wipe)

        # Rows of the banks. Row -1 is below all bins of positions, the last one above them.
        row_bits = top_bits(fmt) - slot_log
        row = Cat(beat.highest[slot_log:], Const(0, 1))
        row_below = (row - 1)[: len(row)]
        place = beat.highest[:slot_log]
        own = (place + fmt.parts)[:slot_log]  # bank of the term, `reach` below the highest
        banks, touched_q1 = [], []
        for j in range(slots):
            low_row = place < j
            row_q1 = delayed(m, Mux(low_row, row_below, row), 1, f"row_{j}")
            bank = ForwardingMemory(cell_layout(fmt, self.codes).size, 1 << row_bits)
            m.submodules[f"bank_{j}"] = bank
            banks.append(bank)
            touched = Signal(name=f"touched_{j}")
            m.d.comb += touched.eq((own - j)[:slot_log] < fmt.parts)
            touched_q1.append(delayed(m, touched, 1, f"touched_{j}"))
            m.d.comb += [
                bank.address.eq(row_q1),
                bank.outside.eq(row_q1[row_bits:].any()),
                bank.enable.eq(delayed(m, enable, 1, f"enable_{j}", reset=True)),
                bank.clear.eq(delayed(m, beat.wipe, 1, f"wipe_{j}")),
            ]
            if j > slots - fmt.parts:
                self._hold_low_bin(m, bank, row_q1, j)

        word = 1 + READ_TO_WORD  # the cycle in which words are changed
        removes = self.i.valid & beat.remove & ~beat.wipe
        changing = removes | (self.i.valid & beat.add & ~beat.wipe)
        parts = self._placed_parts(m, changing, word)
        remove = delayed(m, removes, word, "remove")
        changes = delayed(m, changing, word, "changes")
        own_late = delayed(m, own, word, "own")
        cells, checked, below = [], [], []
        for j, bank in enumerate(banks):
            here = changes & (own_late == j)
            touched = delayed(m, touched_q1[j], word - 1, f"touched_late_{j}") & changes
            after, below_zero, before = self._changed(m, j, bank, parts[j], remove, here)
            m.d.comb += bank.new.eq(after)
            cell = Signal(cell_layout(fmt, self.codes), name=f"cell_{j}")
            m.d.comb += cell.eq(bank.written)
            cells.append(cell)
            checked.append(delayed(m, touched, 1, f"check_{j}"))
            below.append(delayed(m, below_zero, 1, f"below_{j}"))
            # A beat that reads changes nothing: it need not wait for the changed word.
            m.d.comb += self.o.p.slots[j].eq(before)
        wipe = delayed(m, self.i.valid & beat.wipe, self.check_latency, "wipe")
        m.d.comb += self.o.p.damaged.eq(damage(m, fmt, cells, checked, below, wipe))
        m.d.comb += self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True))
        return m

    def _hold_low_bin(self, m: Module, bank: ForwardingMemory, row: Value, j: int) -> None:
        """Keep the one bin of a bank that lies below the bins of positions in a register."""
        low = Signal(bank.width, name=f"low_{j}", reset_less=True)
        # The row above all positions has the number of rows, the one below is all ones.
        is_low = delayed(m, row.all(), 1, f"is_low_{j}")
        written = delayed(m, bank.enable & row.all(), READ_TO_WRITTEN, f"low_on_{j}", reset=True)
        with m.If(written):
            m.d.sync += low.eq(bank.written)
        m.d.comb += bank.outside_word.eq(low & is_low.replicate(bank.width))

    def _placed_parts(self, m: Module, used: Value, cycles: int) -> list[Value]:
        """Return for each bank its part of the term, or zero, after so many cycles."""
        fmt, term = self.fmt, self.i.p.term
        slot_log, bin_log = ceil_log2(fmt.slots), ceil_log2(fmt.bin_width)
        padding = (fmt.parts - 1) * fmt.bin_width - fmt.mantissa_bits
        whole_q1 = delayed(m, (term.mantissa << term.position[:bin_log]) << padding, 1, "whole")
        place_q1 = delayed(m, term.position[bin_log : bin_log + slot_log], 1, "place")
        present_q1 = delayed(m, used, 1, "used")
        # The number of columns is a power of two, enough for the parts. Part i is in column
        # (place - i) modulo that number.
        count = 1 << ceil_log2(fmt.parts)
        columns: list[Value] = [Const(0, fmt.bin_width)] * count
        for i in range(fmt.parts):
            low = (fmt.parts - 1 - i) * fmt.bin_width
            part = whole_q1[low : low + fmt.bin_width]
            columns[-i % count] = part & present_q1.replicate(fmt.bin_width)
        for bit in range(ceil_log2(count)):
            step = 1 << bit
            columns = [
                Mux(place_q1[bit], columns[(k - step) % count], columns[k]) for k in range(count)
            ]
        columns_q2 = [delayed(m, column, 1, f"column_{k}") for k, column in enumerate(columns)]
        place_q2 = delayed(m, place_q1, 1, "place_late")
        parts = []
        for j in range(fmt.slots):
            takes = (place_q2 - j)[:slot_log] < count
            part = columns_q2[j % count] & takes.replicate(fmt.bin_width)
            parts.append(delayed(m, part, cycles - 2, f"part_{j}"))
        return parts

    def _changed(
        self, m: Module, j: int, bank: ForwardingMemory, part: Value, remove: Value, here: Value
    ) -> tuple[Value, Value, Value]:
        """Return a bank's word after its part and term are added or removed.

        Return with it whether the sum or the number of terms is then below zero, and the sum before
        the change.
        """
        before = Signal(cell_layout(self.fmt, self.codes), name=f"before_{j}")
        m.d.comb += before.eq(bank.word)
        results = []
        below_zero: Value = Const(0, 1)
        for value, change in ((before.sum, part), (before.terms, here)):
            width = len(value) + 1
            wide = Cat(change, Const(0, width - len(change))) ^ remove.replicate(width)
            # One more bit below is the carry in: minus a number is its complement plus one.
            total = (Cat(remove, value, Const(0, 1)) + Cat(remove, wide))[1 : width + 1]
            below_zero = below_zero | (remove & total[-1])
            results.append(total[:-1])
        return Cat(*results), below_zero, before.sum
