"""A windowed state to its log sum: the one rounding."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from . import log2_rom as rom_format
from .log2_rom import ERROR, ERROR_LOG, G, X, log2_rom
from .log_format import Q16_16, LogFormat
from .pipeline import delayed, flow, named
from .result_status import ResultStatus
from .window import window_layout

__all__ = ["Log2", "result_layout"]


def result_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a result: ``code``, signed, and ``status``, `ResultStatus` flags."""
    return data.StructLayout({"code": signed(fmt.code_bits), "status": unsigned(8)})


class Log2(wiring.Component):
    """``code = round(2**F * log2(sum of slots))``, correctly rounded or marked HARD_TO_ROUND.

    The slots are put in order and added (here, for the first time, carries cross bins), the sum is
    normalised, and log2 of its mantissa is taken from three tables (`log2_rom`) to within ERROR *
    2**-G. A code follows unless a rounding border lies within that distance: then HARD_TO_ROUND
    is set and the code is one of the two neighbours. For states that do not aim at a border this
    happens once in ``2**(G - F - ERROR_LOG - 1)`` (2**20 for Q16.16).

    An absent state gives the log of zero. Above the largest code: that code and SATURATED. `over`
    gives OVER_CAPACITY, and the code means nothing.

    Latency: `latency` cycles for all data. Throughput: one state per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.

    Members
    -------
    i : flow of `window_layout`
    o : flow of `result_layout`
    """

    def __init__(self, fmt: LogFormat = Q16_16) -> None:
        self.fmt = fmt
        super().__init__({"i": In(flow(window_layout(fmt))), "o": Out(flow(result_layout(fmt)))})

    @property
    def latency(self) -> int:
        """Cycles: ordering and carries, and 15 for normalising, the tables and rounding."""
        return 1 + ceil_log2(self.fmt.slots) + 15

    def elaborate(self, platform) -> Module:
        m = Module()
        total = self._resolve_carries(m, self._ordered_slots(m))  # 1 + log2(D + 1) cycles
        x, zeros = self._normalise(m, total)  # 3 cycles
        logarithm = self._mantissa_log(m, x)  # 10 cycles
        self._round(m, logarithm, zeros)  # 2 cycles
        return m

    def _ordered_slots(self, m: Module) -> list:
        """Return the sums of bins top - D .. top in this order, after 1 cycle."""
        slots = self.fmt.slots
        first = Signal(ceil_log2(slots))
        m.d.comb += first.eq(self.i.p.top + 1)
        ordered = [self.i.p.slots[j] for j in range(slots)]
        for bit in range(ceil_log2(slots)):
            step = 1 << bit
            rotated = [
                Mux(first[bit], ordered[(j + step) % slots], ordered[j]) for j in range(slots)
            ]
            ordered = [named(m, rotated[j], f"rotated_{bit}_{j}") for j in range(slots)]
        return [delayed(m, ordered[j], 1, f"ordered_{j}") for j in range(slots)]

    def _resolve_carries(self, m: Module, bins: list) -> Signal:
        """Return the exact sum in units of 2**(B * (top - D)), after log2(D + 1) cycles.

        Neighbours are added pairwise, the upper one shifted by the distance of the two: bits below
        that pass by, so the carry chains stay short.
        """
        distance = self.fmt.bin_width
        values = bins
        level = 0
        while len(values) > 1:
            level += 1
            sums = []
            for low, high in zip(values[::2], values[1::2], strict=True):
                total = Cat(low[:distance], low[distance:] + high)
                register = Signal(len(total), name=f"sum_{level}_{len(sums)}", reset_less=True)
                m.d.sync += register.eq(total)
                sums.append(register)
            values = sums
            distance *= 2
        # The bound of the whole is tighter than those of the parts.
        return values[0][: self.fmt.slots * self.fmt.bin_width + 32]

    def _normalise(self, m: Module, total) -> tuple:
        """Return the mantissa with X fraction bits and the sum's leading zeros, after 3 cycles.

        A present state has a one in its top bin: only `cell_bits` places are possible. Each step
        shifts by a power of two if as many leading bits are zero.
        """
        places = self.fmt.cell_bits
        steps = list(reversed(range(ceil_log2(places))))
        # Of the sum, only X bits below the highest one matter, wherever that is.
        value = total[len(total) - places - X :]
        width = len(value)
        zeros = []
        third = -(-len(steps) // 3)
        for stage in range(3):
            for step in steps[stage * third : (stage + 1) * third]:
                empty = named(m, ~value[width - (1 << step) :].any(), f"empty_{step}")
                shifted = Mux(empty, (value << (1 << step))[:width], value)
                value = named(m, shifted, f"shifted_{step}")
                zeros.append(empty)
            value = delayed(m, value, 1, f"shifted_{stage}")
            zeros = list(delayed(m, Cat(*zeros), 1, f"zeros_{stage}"))
        return value[width - X - 1 :], Cat(*reversed(zeros))

    def _mantissa_log(self, m: Module, x: Signal) -> Signal:
        """Return log2 of the mantissa with G fraction bits, after 10 cycles (`Log2Rom.log2`)."""
        rom = log2_rom()
        f = rom_format
        a_q0 = x[X - f.A : X]
        reciprocal_q2 = self._table(m, "reciprocal", rom.reciprocal, a_q0)
        p_q3 = Signal(X + f.R + 1, reset_less=True)
        m.d.sync += p_q3.eq(delayed(m, x, 2, "x") * reciprocal_q2)

        b_q3 = p_q3[X + f.R - f.B_LOW : X + f.R - f.B_LOW + f.B]
        shrink_q5 = self._table(m, "shrink", rom.shrink, b_q3)
        cut_p_q5 = delayed(m, p_q3[X + f.R - G :], 2, "p")
        product_q6 = Signal(len(cut_p_q5) + len(shrink_q5), reset_less=True)
        m.d.sync += product_q6.eq(cut_p_q5 * shrink_q5)
        z_q6 = delayed(m, cut_p_q5[: G - f.B_LOW + f.B], 1, "z")
        q_q7 = Signal(f.C + G - f.C_LOW, reset_less=True)
        m.d.sync += q_q7.eq(z_q6 - (product_q6 >> f.S))

        # The logarithms are read late, by indices that are cheaper to delay than they are.
        log_a_q9 = self._table(m, "log_a", rom.log_a, delayed(m, a_q0, 7, "a"))
        log_b_q9 = self._table(m, "log_b", rom.log_b, delayed(m, b_q3, 4, "b"))
        log_c_q9 = self._table(m, "log_c", rom.log_c, q_q7[G - f.C_LOW :])
        rest_q8 = delayed(m, q_q7[: G - f.C_LOW], 1, "rest")
        scaled_q9 = Signal(len(rest_q8) + 1, reset_less=True)
        m.d.sync += scaled_q9.eq((rest_q8 * Const(rom.log2_e)) >> f.E_BITS)

        total_q10 = Signal(G + 1, reset_less=True)
        m.d.sync += total_q10.eq((log_a_q9 + log_b_q9) + (log_c_q9 + scaled_q9))
        return total_q10

    @staticmethod
    def _table(m: Module, name: str, words: tuple[int, ...], address) -> Signal:
        """Return a table's word two cycles after its address: block RAM, registered once more."""
        memory = Memory(shape=unsigned(max(words).bit_length()), depth=len(words), init=words)
        m.submodules[name] = memory
        port = memory.read_port(domain="sync")
        m.d.comb += [port.addr.eq(address), port.en.eq(1)]
        return delayed(m, port.data, 1, name)

    def _round(self, m: Module, logarithm: Signal, zeros: Signal) -> None:
        """Add the integer part, round, and drive the output, after 2 cycles."""
        fmt = self.fmt
        dropped = G - fmt.fraction_bits
        late = delayed(
            m, Cat(self.i.p.over, self.i.p.present, self.i.p.top), self.latency - 2, "state"
        )
        over, present, top = late[0], late[1], late[2:].as_signed()

        # Adding half a unit and ERROR makes the doubtful values those whose dropped bits are
        # below 2 * ERROR + 1, a power of two less one; elsewhere ERROR does not change the code.
        raised_q1 = Signal(G + 2, reset_less=True)
        m.d.sync += raised_q1.eq(logarithm + ((1 << dropped - 1) + ERROR))
        hard = ~raised_q1[ERROR_LOG + 1 : dropped].any()

        position_q1 = Signal(signed(fmt.integer_bits + 2), reset_less=True)
        zeros_at_end = delayed(m, zeros, 10, "zeros_q3")
        highest = (top << ceil_log2(fmt.bin_width)) + fmt.cell_bits - 1
        m.d.sync += position_q1.eq(highest - zeros_at_end)
        code = Signal(signed(fmt.code_bits + 2))
        m.d.comb += code.eq((position_q1 << fmt.fraction_bits) + (raised_q1 >> dropped))

        present_q1 = delayed(m, present, 1, "present")
        over_q1 = delayed(m, over, 1, "over")
        saturated = named(m, present_q1 & (code > fmt.max_code), "saturated")
        m.d.sync += [
            self.o.p.code.eq(Mux(present_q1, Mux(saturated, fmt.max_code, code), fmt.log_of_zero)),
            self.o.p.status.eq(
                Mux(saturated & ~over_q1, ResultStatus.SATURATED.value, 0)
                | Mux(over_q1, ResultStatus.OVER_CAPACITY.value, 0)
                | Mux(hard & present_q1 & ~over_q1, ResultStatus.HARD_TO_ROUND.value, 0)
            ),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency - 1, "valid", reset=True)),
        ]
