"""Rows of weighted evidence to a posterior per packet."""

from amaranth.hdl import Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..log2.log2 import result_layout
from ..primitives.pipeline import delayed, named
from ..spec.counts import check_count
from ..spec.flags import CLAMPS_SHIFT, ResultStatus
from ..spec.log_format import Q16_16, LogFormat
from ..spec.number_formats import WEIGHT_BITS
from .evidence_accumulator import EvidenceAccumulator, evidence_layout, sum_bits

__all__ = ["Posterior"]


class Posterior(wiring.Component):
    """``posterior[h] = max(d[h] - logsum(d), lowest)``, d[h] = max(round(L[h] - max L), lowest).

    L[h] is the exact sum of weight * code over the packet's rows (`EvidenceAccumulator`), in which
    the prior is the first row, of weight 1. The difference to the largest L is rounded once to a
    code, ties to even. The log sum of the d is computed outside, by a `LogSumExp` that takes
    `terms` and answers on `total`: so an engine needs only one. A log of zero stays a log of zero
    and takes no part in the maximum.

    Latency: `latency` cycles from the acceptance of a packet's last beat to its last result, plus
    that of the `LogSumExp`, when nothing is stalled; for all data. Throughput: one beat per cycle,
    also for packets of two rows back to back up to the `depth` packets inside.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    hypotheses : int
        Most hypotheses of a packet, 2..16. Packets may have fewer, but all packets inside at one
        time must have the same number: sums are read at the pace at which the next packet arrives.
    weights : bool
        See `EvidenceAccumulator`.

    Members
    -------
    i : stream of `evidence_layout`
        One hypothesis of one row per beat. All rows of a packet have the same number of beats.
    o : stream of {code: signed, status: 16 bits, last: 1}
        One beat per hypothesis. ``status`` is complete on the last beat: `ResultStatus` flags and
        the number of clamped values from bit CLAMPS_SHIFT on.
    terms : stream of {code: signed, last: 1}
        The d of one packet.
    total : stream of `log2.result_layout`
        Their log sum.
    """

    depth = 16
    """Packets inside at a time: enough for the shortest packets at full rate."""

    def __init__(self, fmt: LogFormat = Q16_16, hypotheses: int = 16, weights: bool = True) -> None:
        check_count("hypotheses", hypotheses, 2, 16)
        self.fmt = fmt
        self.hypotheses = hypotheses
        self.weights = weights
        code = signed(fmt.code_bits)
        super().__init__(
            {
                "i": In(stream.Signature(evidence_layout(fmt))),
                "o": Out(
                    stream.Signature(
                        data.StructLayout({"code": code, "status": unsigned(16), "last": 1})
                    )
                ),
                "terms": Out(stream.Signature(data.StructLayout({"code": code, "last": 1}))),
                "total": In(stream.Signature(result_layout(fmt))),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles without those of the `LogSumExp`, for the largest number of hypotheses.

        A packet waits for its maximum, so the time from its last beat to its last result is the
        same for every packet with the same number of hypotheses: `latency_of`.
        """
        return self.latency_of(self.hypotheses)

    @staticmethod
    def latency_of(hypotheses: int) -> int:
        """Return the latency for packets of that many hypotheses, without the `LogSumExp`."""
        return EvidenceAccumulator.latency + 2 * hypotheses + 10

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        m.submodules.accumulator = accumulator = EvidenceAccumulator(
            fmt, self.hypotheses, self.weights
        )

        # Admission: every buffer behind has room for `depth` packets, so nothing in between stalls.
        inside = Signal(range(self.depth + 1))
        open_packet = Signal()
        accepted = self.i.valid & self.i.ready
        enters = accepted & ~open_packet
        leaves = self.o.valid & self.o.ready & self.o.p.last
        with m.If(accepted):
            m.d.sync += open_packet.eq(~(self.i.p.end & self.i.p.last))
        m.d.sync += inside.eq(inside + enters - leaves)
        m.d.comb += [
            self.i.ready.eq(open_packet | (inside != self.depth)),
            accumulator.i.p.eq(self.i.p),
            accumulator.i.valid.eq(accepted),
        ]

        difference, difference_valid = self._subtract_maximum(m, accumulator.o)
        rounded, rounded_valid = self._round(m, difference, difference_valid)
        self._answer(m, rounded, rounded_valid)
        return m

    def _subtract_maximum(self, m: Module, sums: stream.Interface) -> tuple[data.View, Value]:
        """Return L - max L, beat by beat, once a packet's maximum is known.

        The sums wait in one of two banks. A packet is read in as many cycles as it has beats; the
        first row of the next packet (its prior) takes at least as long to arrive.
        """
        bits = sum_bits(self.fmt)
        held = data.StructLayout({"sum": signed(bits), "impossible": 1})
        m.submodules.sums = memory = Memory(shape=held, depth=2 * self.hypotheses, init=[])
        write, read = memory.write_port(), memory.read_port(domain="sync")
        index = Signal(range(self.hypotheses))
        bank = Signal()
        largest = Signal(signed(bits), reset_less=True)
        found = Signal()  # one of the hypotheses so far is possible
        # Two carry chains side by side, each half as long.
        half = bits // 2
        low, high = sums.p.sum[:half], sums.p.sum[half:].as_signed()
        largest_low, largest_high = largest[:half], largest[half:].as_signed()
        larger = (high > largest_high) | ((high == largest_high) & (low > largest_low))
        better = named(m, ~sums.p.impossible & (~found | larger), "better")
        m.d.comb += [
            write.addr.eq(index + Mux(bank, self.hypotheses, 0)),
            write.data.sum.eq(sums.p.sum),
            write.data.impossible.eq(sums.p.impossible),
            write.en.eq(sums.valid),
        ]
        final = Signal(signed(bits), reset_less=True)
        packet = Signal(
            data.StructLayout(
                {"bank": 1, "end": range(self.hypotheses), "impossible": 1, "over": 1}
            )
        )
        starts = Signal()
        m.d.comb += starts.eq(sums.valid & sums.p.end)
        with m.If(sums.valid):
            with m.If(better):
                m.d.sync += largest.eq(sums.p.sum)
            m.d.sync += [
                found.eq((found | ~sums.p.impossible) & ~sums.p.end),
                index.eq(Mux(sums.p.end, 0, index + 1)),
                bank.eq(bank ^ sums.p.end),
            ]
        with m.If(starts):
            m.d.sync += [
                final.eq(Mux(better, sums.p.sum, largest)),
                packet.bank.eq(bank),
                packet.end.eq(index),
                packet.impossible.eq(~found & sums.p.impossible),
                packet.over.eq(sums.p.over),
            ]

        reading = Signal()
        position = Signal(range(self.hypotheses))
        ends = named(m, position == packet.end, "ends")
        m.d.sync += [
            reading.eq(starts | (reading & ~ends)),
            position.eq(Mux(reading & ~ends, position + 1, 0)),
        ]
        m.d.comb += [
            read.addr.eq(position + Mux(packet.bank, self.hypotheses, 0)),
            read.en.eq(1),
        ]
        beat = Signal(
            data.StructLayout(
                {"value": signed(bits + 1), "log_of_zero": 1, "last": 1, "impossible": 1, "over": 1}
            ),
            reset_less=True,
        )
        m.d.sync += [
            beat.value.eq(read.data.sum - delayed(m, final, 1, "final")),
            beat.log_of_zero.eq(read.data.impossible),
            beat.last.eq(delayed(m, ends, 1, "ends")),
            beat.impossible.eq(delayed(m, packet.impossible, 1, "impossible")),
            beat.over.eq(delayed(m, packet.over, 1, "over")),
        ]
        return beat, delayed(m, reading, 2, "reading", reset=True)

    def _round(self, m: Module, beat: data.View, valid: Value) -> tuple[data.View, Value]:
        """Return d as codes, ties to even, raised to the lowest finite code where below it."""
        fmt = self.fmt
        whole = beat.value >> WEIGHT_BITS
        tie_or_less = ~beat.value[: WEIGHT_BITS - 1].any() & ~whole[0]
        quotient_q1 = Signal(whole.shape(), reset_less=True)
        m.d.sync += quotient_q1.eq(whole + (beat.value[WEIGHT_BITS - 1] & ~tie_or_less))
        quotient_q2 = delayed(m, quotient_q1, 1, "quotient_q1")
        below_q2 = delayed(m, quotient_q1 < fmt.min_code, 1, "below")
        beat_q2 = delayed(m, beat, 2, "beat")
        valid_q2 = delayed(m, valid, 2, "rounded_valid", reset=True)

        clamped = named(m, below_q2 & ~beat_q2.log_of_zero, "clamped")
        clamps = Signal(range(self.hypotheses + 1))
        result = Signal(self._kept_layout(), reset_less=True)
        with m.If(valid_q2):
            m.d.sync += clamps.eq(Mux(beat_q2.last, 0, clamps + clamped))
        m.d.sync += [
            result.code.eq(
                Mux(
                    beat_q2.log_of_zero,
                    fmt.log_of_zero,
                    Mux(clamped, fmt.min_code, quotient_q2),
                )
            ),
            result.last.eq(beat_q2.last),
            result.impossible.eq(beat_q2.impossible),
            result.over.eq(beat_q2.over),
            result.clamps.eq(clamps + clamped),
        ]
        return result, delayed(m, valid_q2, 1, "result_valid", reset=True)

    def _kept_layout(self) -> data.StructLayout:
        """Return the layout that waits for the total: d; on the last beat, flags of the packet."""
        return data.StructLayout(
            {
                "code": signed(self.fmt.code_bits),
                "last": 1,
                "impossible": 1,
                "over": 1,
                "clamps": range(self.hypotheses + 1),
            }
        )

    def _answer(self, m: Module, rounded: data.View, valid: Value) -> None:
        """Send d to the log sum, keep it, and subtract the total from it."""
        fmt = self.fmt
        beats = self.depth * self.hypotheses
        m.submodules.to_sum = to_sum = SyncFIFOBuffered(width=fmt.code_bits + 1, depth=beats)
        m.submodules.kept = kept = SyncFIFOBuffered(width=self._kept_layout().size, depth=beats)
        term = data.StructLayout({"code": signed(fmt.code_bits), "last": 1})
        term_in = Signal(term)
        m.d.comb += [
            term_in.code.eq(rounded.code),
            term_in.last.eq(rounded.last),
            to_sum.w_data.eq(term_in),
            to_sum.w_en.eq(valid),
            kept.w_data.eq(rounded),
            kept.w_en.eq(valid),
            to_sum.r_en.eq(~self.terms.valid | self.terms.ready),
        ]
        # Block RAM is slow: what it kept is registered before its use, here and below.
        with m.If(to_sum.r_en):
            m.d.sync += [self.terms.p.eq(to_sum.r_data), self.terms.valid.eq(to_sum.r_rdy)]

        d = Signal(self._kept_layout(), reset_less=True)
        has_d, takes = Signal(), Signal()
        free = ~self.o.valid | self.o.ready
        step = free & self.total.valid & has_d
        m.d.comb += [
            takes.eq(kept.r_rdy & (~has_d | step)),
            kept.r_en.eq(takes),
            self.total.ready.eq(free & has_d & d.last),
        ]
        with m.If(takes):
            m.d.sync += d.eq(kept.r_data)
        with m.If(~has_d | step):
            m.d.sync += has_d.eq(kept.r_rdy)

        # Three steps: subtract, clamp, count.
        subtracted, clamped = Signal(), Signal()
        quotient = Signal(signed(fmt.code_bits + 1), reset_less=True)
        is_zero_q1 = Signal(reset_less=True)
        kept_q1, kept_q2 = (Signal(self._kept_layout(), name=f"kept_q{k}") for k in (1, 2))
        flags_q1, flags_q2 = (Signal(16, name=f"flags_q{k}", reset_less=True) for k in (1, 2))
        below = named(m, ~is_zero_q1 & (quotient < fmt.min_code), "result_clamped")
        raised_q2 = Signal(reset_less=True)
        clamps = Signal(range(2 * self.hypotheses + 1))
        count = Signal.like(clamps)
        m.d.comb += count.eq(clamps + raised_q2 + Mux(kept_q2.last, kept_q2.clamps, 0))
        with m.If(free):
            m.d.sync += [
                subtracted.eq(step),
                quotient.eq(d.code - self.total.p.code),
                is_zero_q1.eq(d.code == fmt.log_of_zero),
                kept_q1.eq(d),
                flags_q1.eq(
                    self.total.p.status
                    | Mux(d.impossible, ResultStatus.IMPOSSIBLE.value, 0)
                    | Mux(d.over, ResultStatus.OVER_CAPACITY.value, 0)
                ),
                clamped.eq(subtracted),
                kept_q2.eq(kept_q1),
                kept_q2.code.eq(
                    Mux(is_zero_q1, fmt.log_of_zero, Mux(below, fmt.min_code, quotient))
                ),
                raised_q2.eq(below),
                flags_q2.eq(flags_q1),
                self.o.valid.eq(clamped),
            ]
            with m.If(clamped):
                status = flags_q2 | Mux(count != 0, ResultStatus.CLAMPED.value, 0)
                m.d.sync += [
                    clamps.eq(Mux(kept_q2.last, 0, count)),
                    self.o.p.code.eq(kept_q2.code),
                    self.o.p.last.eq(kept_q2.last),
                    self.o.p.status.eq(Mux(kept_q2.last, status | (count << CLAMPS_SHIFT), 0)),
                ]
