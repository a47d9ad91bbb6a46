"""The log sum of a multiset of codes that come in and go out again."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..exp2.exp2 import Exp2
from ..log2.log2 import Log2
from ..primitives.pipeline import delayed, delayed_in_memory
from ..primitives.result_buffer import ResultBuffer
from ..reduction.window import top_bits
from ..spec.counts import check_power_of_two
from ..spec.flags import ResultStatus
from ..spec.log_format import Q16_16, LogFormat
from .bin_banks import BinBanks
from .live_operation import LiveOperation, live_beat_layout, live_result_layout
from .occupied_bins import OccupiedBins

__all__ = ["LiveLogSum"]


class LiveLogSum(wiring.Component):
    """``code = round(2**F * log2(sum of 2**(c / 2**F)))`` over what is in the state now.

    Each beat adds a code, removes one, or reads the result for the multiset that all beats before
    have left: bit for bit that of a fresh sum, after any interleaving. All bins of the grid are
    kept (`BinBanks`), so the bins that a lower top brings into the window are there. A READ passes
    the same stages as a change: first `OccupiedBins`, which finds the highest occupied bin, then
    the banks, where it reads a window as a change does. Timing does not depend on the codes in the
    state or on their number.

    Beats are ordered, and none waits for another, whichever bins they use. After a reset and after
    CLEAR the unit takes nothing for `clear_cycles`, in which it wipes its memories.

    Two flags are sticky until CLEAR; the code then means nothing. DAMAGED: a removal was found not
    to have been there (see `BinBanks`), or there were more removals of the log of zero than there
    were logs of zero. OVER_CAPACITY: more than `codes` finite codes, or as many logs of zero, came
    in. One fault cannot be seen here: the removal of a code that was never added, if its bins hold
    enough from others. Callers must keep account of the codes that they added.

    Latency: `latency` cycles from the acceptance of a READ to its valid result, when the output
    buffer is empty; for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    codes : int
        Capacity: most finite codes in the state, a power of two up to 2**32.

    Members
    -------
    i : stream of `live_operation.live_beat_layout`
    o : stream of `live_operation.live_result_layout`
        One result per READ, in order.
    """

    def __init__(self, fmt: LogFormat = Q16_16, codes: int = 1 << 24) -> None:
        check_power_of_two("codes", codes, fmt.capacity)
        self.fmt = fmt
        self.codes = codes
        self.banks = BinBanks(fmt, codes)
        self.log2 = Log2(fmt)
        super().__init__(
            {
                "i": In(stream.Signature(live_beat_layout(fmt))),
                "o": Out(stream.Signature(live_result_layout(fmt, codes))),
            }
        )

    @property
    def _to_banks(self) -> int:
        return 1 + OccupiedBins.latency

    @property
    def pipeline_latency(self) -> int:
        """Cycles from a READ to its result at the output buffer."""
        return self._to_banks + self.banks.latency + self.log2.latency

    @property
    def latency(self) -> int:
        """Cycles from a READ to its valid result: the pipeline and the buffer."""
        return self.pipeline_latency + ResultBuffer.latency

    @property
    def clear_cycles(self) -> int:
        """Cycles after a reset or a CLEAR in which nothing is taken: one per bin."""
        return 1 << top_bits(self.fmt)

    @property
    def depth(self) -> int:
        """Results that may be inside: enough for one per cycle."""
        return 1 << (self.latency + 1).bit_length()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        m.submodules.exp2 = exp2 = Exp2(fmt)
        m.submodules.occupied = occupied = OccupiedBins(fmt, self.codes)
        m.submodules.banks = banks = self.banks
        m.submodules.log2 = log2 = self.log2
        layout = live_result_layout(fmt, self.codes)
        m.submodules.results = results = ResultBuffer(layout, self.depth)

        # The edge: handshakes depend on the kinds of beats, never on their codes.
        wiping = Signal(init=1)
        wiped = Signal(range(self.clear_cycles))
        inside = Signal(range(self.depth + 1))
        accepted = self.i.valid & self.i.ready
        asks = accepted & (self.i.p.operation == LiveOperation.READ)
        m.d.comb += self.i.ready.eq(~wiping & (inside != self.depth))
        m.d.sync += [
            inside.eq(inside + asks - (self.o.valid & self.o.ready)),
            wiped.eq(wiped + wiping),
        ]
        with m.If(wiping):
            m.d.sync += wiping.eq(~wiped.all())
        with m.Elif(accepted & (self.i.p.operation == LiveOperation.CLEAR)):
            m.d.sync += wiping.eq(1)

        # Cycle 1: what the beat does.
        code = self.i.p.code
        is_zero = code == fmt.log_of_zero
        adds = accepted & (self.i.p.operation == LiveOperation.ADD)
        removes = accepted & (self.i.p.operation == LiveOperation.REMOVE)
        shift = fmt.code_bits - top_bits(fmt)
        number = Cat(code[shift:-1], ~code[-1])
        read = delayed(m, asks, 1, "read", reset=True)
        wipe = delayed(m, wiping, 1, "wipe", reset=True)
        add = delayed(m, adds & ~is_zero, 1, "add", reset=True)
        remove = delayed(m, removes & ~is_zero, 1, "remove", reset=True)
        add_zero = delayed(m, adds & is_zero, 1, "add_zero", reset=True)
        remove_zero = delayed(m, removes & is_zero, 1, "remove_zero", reset=True)
        code_q1 = delayed(m, code, 1, "code")
        bin_q1 = delayed(m, Mux(wiping, wiped, number), 1, "bin")

        # The counts of the state, and the sticky faults; the beats after this one see them.
        count, over = self._tally(m, "finite", add, remove, wipe)
        zeros, zeros_over = self._tally(m, "zeros", add_zero, remove_zero, wipe)
        zeros_short = Signal()
        m.d.sync += zeros_short.eq((zeros_short | (remove_zero & (zeros == 0))) & ~wipe)

        m.d.comb += [
            occupied.i.p.bin.eq(bin_q1),
            occupied.i.p.add.eq(add),
            occupied.i.p.remove.eq(remove),
            occupied.i.p.wipe.eq(wipe),
            occupied.i.valid.eq(1),
        ]
        search = OccupiedBins.latency
        exp2_wait = search - Exp2.latency
        own_top = Signal(top_bits(fmt) + 1, reset_less=True)
        m.d.sync += own_top.eq(bin_q1 + banks.reach)
        reads = delayed(m, read, search, "read_bank", reset=True)
        m.d.comb += [
            exp2.i.p[0].code.eq(delayed(m, code_q1, exp2_wait, "code_late")),
            exp2.i.p[0].present.eq(1),
            exp2.i.valid.eq(1),
            banks.i.p.term.eq(exp2.o.p[0]),
            banks.i.p.highest.eq(
                Mux(reads, occupied.o.p.bin, delayed(m, own_top, search - 1, "own_top"))
            ),
            banks.i.p.add.eq(delayed(m, add, search, "add_late", reset=True)),
            banks.i.p.remove.eq(delayed(m, remove, search, "remove_late", reset=True)),
            banks.i.p.wipe.eq(delayed(m, wipe, search, "wipe_late", reset=True)),
            banks.i.valid.eq(1),
        ]

        top = delayed(m, occupied.o.p.bin, banks.latency, "top")
        tallied = self._to_banks + banks.latency - 2  # cycles from the counts to the window
        m.d.comb += [
            log2.i.p.present.eq(delayed(m, occupied.o.p.present, banks.latency, "present")),
            log2.i.p.top.eq(Cat(top[:-1], ~top[-1]).as_signed()),
            log2.i.p.over.eq(delayed(m, over | zeros_over, tallied, "over")),
            log2.i.valid.eq(delayed(m, reads, banks.latency, "read_window", reset=True)),
            *(into.eq(slot) for into, slot in zip(log2.i.p.slots, banks.o.p.slots, strict=True)),
        ]

        checked = self._to_banks + banks.check_latency
        damaged = banks.o.p.damaged | delayed(m, zeros_short, checked - 2, "zeros_short")
        damaged_late = delayed(m, damaged, self.pipeline_latency - checked, "damaged")
        tallies = delayed_in_memory(m, Cat(count, zeros), self.pipeline_latency - 2, "tallies")
        flag = Mux(damaged_late, ResultStatus.DAMAGED.value, 0)
        m.d.comb += [
            results.i.p.code.eq(log2.o.p.code),
            results.i.p.status.eq(log2.o.p.status | flag),
            Cat(results.i.p.count, results.i.p.zeros).eq(tallies),
            results.i.valid.eq(log2.o.valid),
        ]
        wiring.connect(m, results.o, wiring.flipped(self.o))
        return m

    def _tally(
        self, m: Module, name: str, add: Value, remove: Value, wipe: Value
    ) -> tuple[Value, Value]:
        """Return a count of codes and whether it has been above the capacity, after 1 cycle."""
        count = Signal(range(self.codes + 1), name=f"{name}_count")
        over = Signal(name=f"{name}_over")
        change = Cat(add | remove, remove.replicate(len(count) - 1))
        m.d.sync += [
            count.eq((count + change)[: len(count)] & ~wipe.replicate(len(count))),
            over.eq((over | (add & (count == self.codes))) & ~wipe),
        ]
        return count, over
