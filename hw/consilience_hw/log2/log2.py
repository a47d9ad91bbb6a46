"""A windowed state to its log sum: the one rounding."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..primitives.pipeline import delayed, flow, named
from ..primitives.product import (
    LONG_PRODUCT_CYCLES,
    MULTIPLIER_BITS,
    long_product,
    product,
    product_latency,
)
from ..primitives.table import Table
from ..reduction.window import window_layout
from ..spec.log_format import Q16_16, LogFormat
from . import log2_rom as rom_format
from .log2_rom import G, X, log2_rom
from .rounding import ROUND_CYCLES, drive_rounded

__all__ = ["Log2", "result_layout"]

ORDER_CYCLES = 2
NORMALISE_CYCLES = 6
LOG_CYCLES = 22


def result_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a result: ``code``, signed, and ``status``, `ResultStatus` flags."""
    return data.StructLayout({"code": signed(fmt.code_bits), "status": unsigned(8)})


class Log2(wiring.Component):
    """``code = round(2**F * log2(sum of slots))``, correctly rounded or marked HARD_TO_ROUND.

    The slots are put in order and added; only here do carries cross bins. The sum is normalised,
    and three tables (`log2_rom`) give log2 of its mantissa to within ERROR * 2**-G. The code is
    certain unless a rounding border lies within that distance: then HARD_TO_ROUND is set, and the
    code is one of the two neighbours (the rounding test of Ziv, 1991). For states that are not
    chosen to hit a border this happens once in ``2**(G - F - ERROR_LOG - 1)`` (2**20 for Q16.16).

    An absent state gives the log of zero. A value above the largest code gives that code and
    SATURATED. `over` gives OVER_CAPACITY, and the code means nothing.

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
        """`ORDER_CYCLES`, one for each doubling of the slots that carries cross, and the others."""
        carries = ceil_log2(self.fmt.slots)
        return ORDER_CYCLES + carries + NORMALISE_CYCLES + LOG_CYCLES + ROUND_CYCLES

    def elaborate(self, platform: object) -> Module:
        m = Module()
        total = self._resolve_carries(m, self._ordered_slots(m))
        x, zeros = self._normalise(m, total)
        logarithm = self._mantissa_log(m, platform, x)
        until_rounded = self.latency - ROUND_CYCLES
        state = Signal(data.StructLayout({"present": 1, "top": self.i.p.top.shape(), "over": 1}))
        m.d.comb += [
            state.present.eq(self.i.p.present),
            state.top.eq(self.i.p.top),
            state.over.eq(self.i.p.over),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        late = delayed(m, state, until_rounded, "state")
        drive_rounded(
            m, self.fmt, late, logarithm, delayed(m, zeros, LOG_CYCLES, "zeros"), self.o.p
        )
        return m

    def _ordered_slots(self, m: Module) -> list[Value]:
        """Return the sums of bins top - D .. top in this order, after `ORDER_CYCLES`."""
        slots = self.fmt.slots
        first = named(m, (self.i.p.top + 1)[: ceil_log2(slots)], "first")
        first_q1 = delayed(m, first, 1, "first")
        ordered: list[Value] = [self.i.p.slots[j] for j in range(slots)]
        for bit in range(len(first)):
            step, turns = 1 << bit, first_q1[bit] if bit else first[0]
            rotated = [Mux(turns, ordered[(j + step) % slots], ordered[j]) for j in range(slots)]
            ordered = [named(m, rotated[j], f"rotated_{bit}_{j}") for j in range(slots)]
            if bit == 0:
                ordered = [delayed(m, ordered[j], 1, f"turned_{j}") for j in range(slots)]
        return [delayed(m, ordered[j], 1, f"ordered_{j}") for j in range(slots)]

    def _resolve_carries(self, m: Module, bins: list[Value]) -> Signal:
        """Return the exact sum in units of 2**(B * (top - D)), after log2(D + 1) cycles.

        Neighbours are added pairwise, the upper one shifted by their distance. Bits below that
        distance are not added, so the carry chains stay short.
        """
        distance = self.fmt.bin_width
        values = bins
        level = 0
        while len(values) > 1:
            level += 1
            sums: list[Value] = []
            for low, high in zip(values[::2], values[1::2], strict=True):
                total = Cat(low[:distance], low[distance:] + high)
                register = Signal(len(total), name=f"sum_{level}_{len(sums)}", reset_less=True)
                m.d.sync += register.eq(total)
                sums.append(register)
            values = sums
            distance *= 2
        # The bound of the whole sum is tighter than those of the parts.
        return values[0][: self.fmt.slots * self.fmt.bin_width + 32]

    def _normalise(self, m: Module, total: Value) -> tuple[Value, Value]:
        """Return the mantissa with X fraction bits and the sum's leading zeros.

        A present state has a one in its top bin: only `cell_bits` places are possible. Two steps of
        the count of leading zeros at a time, in two cycles: the test for zeros, and the shift.
        """
        places = self.fmt.cell_bits
        steps = list(reversed(range(ceil_log2(places))))
        steps = [-1] * (len(steps) % 2) + steps  # if their number is odd, the first is alone
        # Only the X bits of the sum below its highest one matter, wherever that is.
        value = total[len(total) - places - X :]
        width = len(value)
        zeros: list[Value] = []
        for number, (first, second) in enumerate(zip(steps[::2], steps[1::2], strict=True)):
            half = 1 << second
            upper, next_half = value[width - half :], value[width - 2 * half : width - half]
            third = value[width - 3 * half : width - 2 * half]
            leading = ~Cat(next_half, upper).any() if first >= 0 else Const(0, 1)
            trailing = Mux(leading, ~third.any(), ~upper.any())
            leading_q1 = delayed(m, leading, 1, f"zeros_{number}_first")
            trailing_q1 = delayed(m, trailing, 1, f"zeros_{number}_second")
            value_q1 = delayed(m, value, 1, f"unshifted_{number}")
            once = Mux(trailing_q1, value_q1 << half, value_q1)[:width]
            value = delayed(
                m, Mux(leading_q1, once << 2 * half, once)[:width], 1, f"shifted_{number}"
            )
            zeros = [delayed(m, Cat(*zeros), 1, f"zeros_{number}_before")] if zeros else []
            zeros = [delayed(m, Cat(trailing_q1, leading_q1, *zeros), 1, f"zeros_{number}")]
        return value[width - X - 1 :], zeros[0]

    def _mantissa_log(self, m: Module, platform: object, x: Signal) -> Signal:
        """Return log2 of the mantissa with G fraction bits (`Log2Rom.log2`)."""
        rom = log2_rom()
        f = rom_format
        a_q0 = x[X - f.A : X]
        # Step 1. A table's word comes after 2 cycles, a product after 5 more.
        reciprocal = Table(m, platform, "reciprocal", rom.reciprocal).read(m, a_q0)
        p_q7 = long_product(m, platform, delayed(m, x, 2, "x"), reciprocal, "p")
        # Step 2.
        b_q7 = p_q7[X + f.R - f.B_LOW : X + f.R - f.B_LOW + f.B]
        shrink = Table(m, platform, "shrink", rom.shrink).read(m, b_q7)
        cut_p_q9 = delayed(m, p_q7[X + f.R - G : X + f.R + 1], 2, "cut_p")
        product_q14 = long_product(m, platform, cut_p_q9, shrink, "shrunk")
        z_q14 = delayed(m, cut_p_q9[: G - f.B_LOW + f.B], LONG_PRODUCT_CYCLES, "z")
        q_q15 = Signal(f.C + G - f.C_LOW, reset_less=True)
        m.d.sync += q_q15.eq(z_q14 - (product_q14 >> f.S))
        # Step 3.
        rest_q15 = q_q15[: G - f.C_LOW]
        scaled_q20 = self._times_log2_e(m, platform, rest_q15) >> f.E_BITS

        # The logarithms are read late: their indices are cheaper to delay than they are. The sum of
        # two of them has time for its higher half in a cycle of its own.
        log_a_q19 = Table(m, platform, "log_a", rom.log_a).read(m, delayed(m, a_q0, 17, "a"))
        log_b_q19 = Table(m, platform, "log_b", rom.log_b).read(m, delayed(m, b_q7, 10, "b"))
        log_c_q19 = Table(m, platform, "log_c", rom.log_c).read(
            m, delayed(m, q_q15[G - f.C_LOW :], 2, "c")
        )
        half = G // 2
        low_ab_q20 = delayed(m, log_a_q19[:half] + log_b_q19[:half], 1, "low_ab")
        high_a_q20 = delayed(m, log_a_q19[half:], 1, "high_a")
        high_b_q20 = delayed(m, log_b_q19[half:], 1, "high_b")
        carries = Cat(Const(1, 1), high_a_q20) + Cat(low_ab_q20[half], high_b_q20)
        high_ab_q21 = delayed(m, carries[1:], 1, "high_ab")
        log_ab_q21 = Cat(delayed(m, low_ab_q20[:half], 1, "low_ab"), high_ab_q21)
        log_ce_q21 = Signal(len(log_c_q19) + 1, reset_less=True)
        m.d.sync += log_ce_q21.eq(delayed(m, log_c_q19, 1, "log_c") + scaled_q20)
        total_q22 = Signal(G + 1, reset_less=True)
        m.d.sync += total_q22.eq(log_ab_q21 + log_ce_q21)
        return total_q22

    def _times_log2_e(self, m: Module, platform: Any, rest: Value) -> Value:
        """Return the product of the rest by log2(e), after `LONG_PRODUCT_CYCLES`.

        Both are a little longer than the factors of a platform's multiplier: the rest's highest
        bits, times all of the constant, are added in the fabric.
        """
        constant = log2_rom().log2_e
        bits = constant.bit_length()
        if not hasattr(platform, "registered_product"):
            waits = LONG_PRODUCT_CYCLES - product_latency(len(rest))
            rest = delayed(m, rest, waits, "rest")
            return product(m, platform, Const(constant, bits), rest, "scaled")
        cut = MULTIPLIER_BITS
        low = rest[:cut]
        high = product(m, platform, Const(constant, bits), rest[cut:], "scaled_high")
        high_late = delayed(m, high, 1, "scaled_high")
        parts = []
        for place in range(0, bits, cut):
            factor = Const(constant >> place & (1 << cut) - 1, min(cut, bits - place))
            part = Signal(len(low) + len(factor), name=f"scaled_{place}")
            m.submodules[f"scaled_{place}"] = platform.registered_product(part, low, factor)
            parts.append(part)
        upper = delayed(m, parts[1] + high_late, 1, "scaled_upper")
        lowest = delayed(m, parts[0], 1, "scaled_lowest")
        return Cat(
            delayed(m, lowest[:cut], 1, "scaled_low"),
            delayed(m, lowest[cut:] + upper, 1, "scaled_sum"),
        )
