"""Robust histogram: counts in block RAM, one ratio per cycle, a scan over all bins."""

from amaranth.hdl import Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data, enum, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.pipeline import delayed
from ..spec.number_formats import CLIP_BIN, RATIO_BINS
from ..spec.number_formats import ROBUST_SUM_BITS as SUM_BITS
from .ratio_bin import BIN_LATENCY, UNIT_BITS, bin_of_ratio

__all__ = ["Operation", "RobustHistogram", "request_layout", "robust_layout"]

COUNT_BITS = 32


class Operation(enum.Enum, shape=2):
    """Operation of a beat."""

    ADD = 0
    REMOVE = 1
    SCAN = 2
    CLEAR = 3
    """Scan, and empty all bins."""


def request_layout() -> data.StructLayout:
    """Return the layout of a beat.

    ADD and REMOVE have ``ratio``, a code, and ``unit``, k in ulp. Scans have ``faulty``, f, and
    ``above`` and ``below``, the floor and the ceiling of threshold / k, clamped to 42 bits, which
    no sum reaches.
    """
    return data.StructLayout(
        {
            "operation": Operation,
            "ratio": signed(32),
            "unit": unsigned(UNIT_BITS),
            "faulty": unsigned(COUNT_BITS),
            "above": signed(SUM_BITS),
            "below": signed(SUM_BITS),
        }
    )


def robust_layout() -> data.StructLayout:
    """Return the layout of a scan's result; sums in units of k ulp.

    ``above``, ``below``: the decision. ``refused``: n <= 3 f; nothing is decided, and the other
    fields mean nothing. ``impossible``: since the last CLEAR a removal found its bin empty, or
    there were more than 2**32 - 1 ratios; sticky until CLEAR.
    """
    return data.StructLayout(
        {
            "trimmed_sum": signed(SUM_BITS),
            "trimmed_count": unsigned(COUNT_BITS),
            "low": signed(SUM_BITS),
            "high": signed(SUM_BITS),
            "above": 1,
            "below": 1,
            "refused": 1,
            "impossible": 1,
        }
    )


class RobustHistogram(wiring.Component):
    """Adds or removes one ratio per cycle; a scan reads all bins.

    A beat other than a scan never waits. A scan takes `scan_latency` cycles from its transfer to
    its valid result, whatever was added, and the input waits until the result is taken. Handshakes
    depend on operations and the sink alone; addresses of the block RAM depend on data. Of two
    ratios of one bin within three cycles, the newer uses the count that the older is writing.

    The counts survive a scan, and start empty.
    """

    scan_latency = BIN_LATENCY + RATIO_BINS + 8

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(request_layout())),
                "o": Out(stream.Signature(robust_layout())),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.counts = counts = memory.Memory(
            shape=unsigned(COUNT_BITS), depth=1 << RATIO_BINS.bit_length(), init=[]
        )
        read, write = counts.read_port(), counts.write_port()

        busy, elapsed = Signal(), Signal(range(self.scan_latency + 1))
        taken, scanning = self.i.valid & self.i.ready, Signal()
        request = Signal(request_layout(), reset_less=True)
        m.d.comb += [
            self.i.ready.eq(~busy),
            scanning.eq(self.i.p.operation.as_value()[1]),
            self.o.valid.eq(busy & (elapsed == self.scan_latency)),
        ]
        with m.If(taken & scanning):
            m.d.sync += [busy.eq(1), elapsed.eq(1), request.eq(self.i.p)]
        with m.If(busy & ~self.o.valid):
            m.d.sync += elapsed.eq(elapsed + 1)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += busy.eq(0)
        clearing = request.operation == Operation.CLEAR

        # Address, read data, count: stages A, B and C. The scan follows the last ratio.
        place = bin_of_ratio(m, self.i.p.ratio, self.i.p.unit)
        update_a = delayed(m, taken & ~scanning, BIN_LATENCY, "update", reset=True)
        remove_a = delayed(m, self.i.p.operation.as_value()[0], BIN_LATENCY, "remove")
        first = BIN_LATENCY + 1
        scan_a = Signal()
        m.d.comb += scan_a.eq(busy & (elapsed >= first) & (elapsed < first + RATIO_BINS))
        place_a = Signal(9)
        m.d.comb += [
            place_a.eq(Mux(scan_a, elapsed - first, place)),
            read.en.eq(1),
            read.addr.eq(place_a),
        ]
        place_c = delayed(m, place_a, 2, "place")
        update_c = delayed(m, update_a, 2, "update_c", reset=True)
        scan_c = delayed(m, scan_a, 2, "scan", reset=True)
        remove_c = delayed(m, remove_a, 2, "remove_c")
        stored_c = delayed(m, read.data, 1, "stored")

        # Writes of the last two cycles had not reached the memory when the word of C was read.
        written = Signal(COUNT_BITS)
        written_1, written_2 = (delayed(m, written, age, f"written_{age}_ago") for age in (1, 2))
        place_1, place_2 = (delayed(m, place_c, age, f"place_{age}_ago") for age in (1, 2))
        valid_1, valid_2 = (
            delayed(m, write.en, age, f"write_{age}_ago", reset=True) for age in (1, 2)
        )
        count_c = Signal(COUNT_BITS)
        with m.If(valid_1 & (place_1 == place_c)):
            m.d.comb += count_c.eq(written_1)
        with m.Elif(valid_2 & (place_2 == place_c)):
            m.d.comb += count_c.eq(written_2)
        with m.Else():
            m.d.comb += count_c.eq(stored_c)
        m.d.comb += [
            written.eq(Mux(scan_c, 0, Mux(remove_c, count_c - 1, count_c + 1))),
            write.en.eq(update_c | (scan_c & clearing)),
            write.addr.eq(place_c),
            write.data.eq(written),
        ]

        held, impossible = Signal(COUNT_BITS), Signal()
        with m.If(update_c):
            m.d.sync += held.eq(Mux(remove_c, held - 1, held + 1))
            with m.If(Mux(remove_c, count_c == 0, held.all())):
                m.d.sync += impossible.eq(1)
        self._sums(m, request, held, count_c, scan_c, place_c, impossible)
        with m.If(self.o.valid & self.o.ready & clearing):
            m.d.sync += [held.eq(0), impossible.eq(0)]
        return m

    def _sums(
        self,
        m: Module,
        request: data.View,
        held: Value,
        count_c: Value,
        scan_c: Value,
        place_c: Value,
        impossible: Value,
    ) -> None:
        """Add up the running counts of bins -128 .. 127, and drive the result."""
        faulty, held_scan = request.faulty, Signal(COUNT_BITS, reset_less=True)
        kept, bears = Signal(signed(COUNT_BITS + 2), reset_less=True), Signal(reset_less=True)
        m.d.sync += [
            held_scan.eq(held),
            kept.eq(held_scan - (faulty << 1)),
            bears.eq(kept > faulty),
        ]
        running = Signal(COUNT_BITS, reset_less=True)
        scan_d = delayed(m, scan_c, 1, "scan_d", reset=True)
        place_d = delayed(m, place_c, 1, "place_d")
        with m.If(scan_c):
            m.d.sync += running.eq(Mux(place_c == 0, 0, running) + count_c)
        above_it = Signal(COUNT_BITS)
        lowest, highest = Signal(COUNT_BITS), Signal(COUNT_BITS)
        m.d.comb += [
            above_it.eq(held_scan - running),
            lowest.eq(Mux(running < faulty, running, faulty)),
            highest.eq(Mux(above_it < faulty, above_it, faulty)),
        ]
        # Registers before the additions.
        running_e = delayed(m, running, 1, "running_e")
        lowest_e = delayed(m, lowest, 1, "lowest_e")
        highest_e = delayed(m, highest, 1, "highest_e")
        add_e = delayed(m, scan_d & (place_d != RATIO_BINS - 1), 1, "add_e", reset=True)
        negative_e = delayed(m, place_d < CLIP_BIN, 1, "negative_e")
        first_e = delayed(m, place_d == 0, 1, "first_e")
        total = Signal(signed(SUM_BITS), reset_less=True)
        trimmed = Signal(signed(SUM_BITS), reset_less=True)
        below_zero = Signal(signed(SUM_BITS), reset_less=True)
        above_zero = Signal(signed(SUM_BITS), reset_less=True)
        # Kept ratios up to bin v: C(v) minus those among the f lowest and among the f highest.
        middle = running_e - lowest_e - (faulty - highest_e)
        with m.If(add_e):
            m.d.sync += [
                total.eq(Mux(first_e, held_scan << 7, total) - running_e),
                trimmed.eq(Mux(first_e, kept << 7, trimmed) - middle),
                below_zero.eq(Mux(first_e, 0, below_zero) + Mux(negative_e, lowest_e, 0)),
                above_zero.eq(Mux(first_e, 0, above_zero) + Mux(negative_e, 0, highest_e)),
            ]
        low, high = Signal(signed(SUM_BITS), reset_less=True), Signal.like(total, reset_less=True)
        m.d.sync += [low.eq(total - above_zero), high.eq(total + below_zero)]
        above, below = Signal(reset_less=True), Signal(reset_less=True)
        m.d.sync += [above.eq(low > request.above), below.eq(high < request.below)]
        m.d.comb += [
            self.o.p.trimmed_sum.eq(trimmed),
            self.o.p.trimmed_count.eq(kept),
            self.o.p.low.eq(low),
            self.o.p.high.eq(high),
            self.o.p.above.eq(above & bears),
            self.o.p.below.eq(below & bears),
            self.o.p.refused.eq(~bears),
            self.o.p.impossible.eq(impossible),
        ]
