"""Rows of weighted evidence to one exact sum per hypothesis."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..primitives.pipeline import delayed, flow
from ..spec.counts import check_count
from ..spec.log_format import Q16_16, LogFormat
from ..spec.number_formats import WEIGHT_BITS

__all__ = ["EvidenceAccumulator", "evidence_layout", "sum_bits"]

PART_BITS = 3
"""Bits of the weight that a code is multiplied with in one cycle, and parts added in one cycle."""


def evidence_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a beat of evidence, one hypothesis of one row.

    ``code``: signed. ``weight``: 0 .. 65536, the same on all beats of a row. ``end``: the last
    hypothesis of the row. ``last``: the last row of the packet (on all its beats).
    """
    return data.StructLayout(
        {
            "code": signed(fmt.code_bits),
            "weight": unsigned(WEIGHT_BITS + 1),
            "end": 1,
            "last": 1,
        }
    )


def sum_bits(fmt: LogFormat) -> int:
    """Return the width of an exact weighted sum: 2**32 rows and a prior, a product each."""
    return fmt.code_bits + WEIGHT_BITS + 32 + 1


class EvidenceAccumulator(wiring.Component):
    """``L[h] = sum over rows of weight * code[h]``, with WEIGHT_BITS more fraction bits, exact.

    A log of zero with weight above 0 makes its hypothesis impossible; with weight 0 it adds
    nothing. The sums are kept in two halves, and the upper half is added one cycle after the
    lower: no carry runs through a whole sum in one cycle. A row has at least 2 hypotheses, so a
    half is read again 2 cycles later at the earliest.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    hypotheses : int
        Most hypotheses of a row, 2..16.
    weights : bool
        If false, every weight other than 0 counts as 1, and there is no multiplier.

    Members
    -------
    i : flow of `evidence_layout`
    o : flow of {sum: signed, impossible: 1, end: 1, over: 1}
        One beat per hypothesis of each packet. ``over``: there were more rows than
        the capacity, the first (the prior) not counted.
    """

    latency = 6

    def __init__(self, fmt: LogFormat = Q16_16, hypotheses: int = 16, weights: bool = True) -> None:
        check_count("hypotheses", hypotheses)
        self.fmt = fmt
        self.hypotheses = hypotheses
        self.weights = weights
        total = data.StructLayout(
            {"sum": signed(sum_bits(fmt)), "impossible": 1, "end": 1, "over": 1}
        )
        super().__init__({"i": In(flow(evidence_layout(fmt))), "o": Out(flow(total))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        beat = self.i.p
        index = Signal(range(self.hypotheses))
        first = Signal(init=1)  # first row of a packet: the sums of the packet before are dropped
        rows = Signal(range(2 * fmt.capacity))
        with m.If(self.i.valid):
            m.d.sync += index.eq(Mux(beat.end, 0, index + 1))
            with m.If(beat.end):
                m.d.sync += [
                    first.eq(beat.last),
                    # The count stops one above the capacity.
                    rows.eq(Mux(beat.last, 0, rows + (rows <= fmt.capacity))),
                ]

        is_zero = beat.code == fmt.log_of_zero
        counts = beat.weight != 0
        finite = Signal(signed(fmt.code_bits))
        m.d.comb += finite.eq(beat.code & (~is_zero & counts).replicate(fmt.code_bits))
        product_q4 = Signal(signed(fmt.code_bits + WEIGHT_BITS + 1), reset_less=True)
        finite_q1 = delayed(m, finite, 1, "finite")
        if self.weights:
            weight_q1 = delayed(m, beat.weight, 1, "weight")
            parts = [
                delayed(m, finite_q1 * weight_q1[low : low + PART_BITS], 1, f"part_{low}") << low
                for low in range(0, WEIGHT_BITS + 1, PART_BITS)
            ]
            halves = [
                delayed(m, sum(parts[first : first + PART_BITS]), 1, f"half_{first}")
                for first in range(0, len(parts), PART_BITS)
            ]
            m.d.sync += product_q4.eq(sum(halves))
        else:
            m.d.sync += product_q4.eq(delayed(m, finite_q1, 2, "finite_q1") << WEIGHT_BITS)

        first_q4 = delayed(m, first, 4, "first")
        index_q3 = delayed(m, index, 3, "index")
        valid_q4 = delayed(m, self.i.valid, 4, "valid", reset=True)
        impossible_q4 = delayed(m, is_zero & counts, 4, "impossible")

        # Low half, with the impossible flag above it. Read in cycle 3, added to and written in
        # cycle 4; the same hypothesis is read again in cycle 5 at the earliest.
        total_bits = sum_bits(fmt)
        low_bits = total_bits // 2
        low_memory = Memory(shape=unsigned(low_bits + 1), depth=self.hypotheses, init=[])
        m.submodules.low = low_memory
        low_read, low_write = low_memory.read_port(domain="sync"), low_memory.write_port()
        kept_q4 = low_read.data & ~first_q4.replicate(low_bits + 1)
        low_sum = Signal(low_bits + 1)
        impossible = Signal()
        m.d.comb += [
            low_sum.eq(kept_q4[:low_bits] + product_q4[:low_bits]),
            impossible.eq(kept_q4[low_bits] | impossible_q4),
            low_read.addr.eq(index_q3),
            low_read.en.eq(1),
            low_write.addr.eq(delayed(m, index_q3, 1, "index_q3")),
            low_write.en.eq(valid_q4),
            low_write.data.eq(Cat(low_sum[:low_bits], impossible)),
        ]
        low_q5 = delayed(m, low_sum, 1, "low")

        # High half, one cycle later.
        high_bits = total_bits - low_bits
        high_memory = Memory(shape=unsigned(high_bits), depth=self.hypotheses, init=[])
        m.submodules.high = high_memory
        high_read, high_write = high_memory.read_port(domain="sync"), high_memory.write_port()
        index_q4 = delayed(m, index_q3, 1, "index_q2_high")
        valid_q5 = delayed(m, valid_q4, 1, "valid_q4", reset=True)
        kept_q5 = high_read.data & ~delayed(m, first_q4, 1, "first_q4").replicate(high_bits)
        product_q5 = delayed(m, product_q4 >> low_bits, 1, "product_high")
        high_sum = Signal(high_bits)
        m.d.comb += [
            high_sum.eq(kept_q5 + product_q5 + low_q5[low_bits]),
            high_read.addr.eq(index_q4),
            high_read.en.eq(1),
            high_write.addr.eq(delayed(m, index_q4, 1, "index_q4")),
            high_write.en.eq(valid_q5),
            high_write.data.eq(high_sum),
        ]

        last_q5 = delayed(m, beat.last, 5, "last")
        m.d.sync += [
            self.o.p.sum.eq(Cat(low_q5[:low_bits], high_sum).as_signed()),
            self.o.valid.eq(valid_q5 & last_q5),
        ]
        m.d.comb += [
            self.o.p.impossible.eq(delayed(m, impossible, self.latency - 4, "flag")),
            self.o.p.end.eq(delayed(m, beat.end, self.latency, "end")),
            self.o.p.over.eq(delayed(m, rows > fmt.capacity, self.latency, "over")),
        ]
        return m
