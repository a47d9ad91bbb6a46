"""A windowed state to its log sum with one adder, in hundreds of cycles."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..primitives.pipeline import delayed, flow
from ..primitives.table import Table
from ..reduction.window import window_layout
from ..spec.log_format import Q16_16, LogFormat
from .log2 import result_layout
from .log2_rom import G
from .rounding import ROUND_CYCLES, drive_rounded
from .serial_log2_rom import STEPS, serial_log2_rom

__all__ = ["SerialLog2"]

COARSE = 8
"""Places shifted per cycle while at least as many are left."""


class SerialLog2(wiring.Component):
    """`log2.Log2` for devices that cannot hold it: the same codes, one state at a time.

    Three phases share two registers and an adder. First the bins are added from the lowest up,
    ``upper = (upper >> B) + bin``; the bits that leave `upper` go to `lower`. Then both are shifted
    left until the highest bit is 1. Last, `upper`, the mantissa x, is multiplied by ``1 + 2**-k``
    wherever it stays below 2, with ``x >> k`` in `lower`, and the logarithms of these factors are
    subtracted from 1 (`serial_log2_rom`). Rounding and HARD_TO_ROUND work as in `Log2`, but other
    states are marked.

    Latency: `latency` cycles for all data. Throughput: the next state may come once the result is
    out; the result stays until then.

    Parameters
    ----------
    fmt : LogFormat
        Number format.

    Members
    -------
    i : flow of `window_layout`
        The payload must stay until the result is out.
    o : flow of `log2.result_layout`
    """

    def __init__(self, fmt: LogFormat = Q16_16) -> None:
        self.fmt = fmt
        super().__init__({"i": In(flow(window_layout(fmt))), "o": Out(flow(result_layout(fmt)))})

    @property
    def latency(self) -> int:
        """Cycles: one per bin and per place, each step with its shifts, and the rounding."""
        shifts = sum(k // COARSE + k % COARSE for k in range(1, STEPS + 1))
        return 2 + self.fmt.slots + self.fmt.cell_bits + 2 * STEPS + shifts + ROUND_CYCLES

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        slots, bin_width, places = fmt.slots, fmt.bin_width, fmt.cell_bits
        width = G + 2  # width of a product that may reach 2
        upper = Signal(width, reset_less=True)
        lower = Signal(width, reset_less=True)
        zeros = Signal(range(places), reset_less=True)
        logarithm = Signal(G + 2, reset_less=True)

        # The slot to read next, one-hot: AND and OR are fewer cells than a tree of multiplexers.
        chosen = Signal(slots, reset_less=True)
        bin_sum: Value = Const(0, places)
        for j in range(slots):
            bin_sum = bin_sum | (self.i.p.slots[j] & chosen[j].replicate(places))
        adding = Signal()
        total = Signal(width + 1)
        m.d.comb += total.eq(Mux(adding, upper >> bin_width, upper) + Mux(adding, bin_sum, lower))

        step = Signal(range(STEPS + 1), init=1)  # k
        left = Signal(range(max(slots, places, STEPS) + 1))  # bins, places or shifts to come
        words = Table(m, platform, "steps", (*serial_log2_rom().steps, 0))
        log_step = words.read(m, step - 1)

        done = Signal()
        with m.FSM():
            with m.State("IDLE"):
                first = Signal(ceil_log2(slots))
                m.d.comb += first.eq(self.i.p.top + 1)
                # Nothing changes before: the last result may still be read.
                with m.If(self.i.valid):
                    m.d.sync += [
                        upper.eq(0),
                        zeros.eq(0),
                        left.eq(slots - 1),
                        chosen.eq(Const(1, slots) << first),
                    ]
                    m.next = "ADD"
            with m.State("ADD"):
                m.d.comb += adding.eq(1)
                m.d.sync += [
                    upper.eq(total),
                    lower.eq(Cat(lower[bin_width:], upper[:bin_width])),
                    chosen.eq(chosen.rotate_left(1)),
                    left.eq(left - 1),
                ]
                with m.If(left == 0):
                    m.d.sync += left.eq(places - 1)
                    m.next = "NORMALISE"
            with m.State("NORMALISE"):
                m.d.sync += left.eq(left - 1)
                with m.If(~upper[places - 1]):
                    m.d.sync += [
                        upper.eq(Cat(lower[-1], upper)),
                        lower.eq(lower << 1),
                        zeros.eq(zeros + 1),
                    ]
                with m.If(left == 0):
                    m.next = "MANTISSA"
            with m.State("MANTISSA"):
                # Move the leading one to bit G.
                m.d.sync += [
                    upper.eq(Cat(lower[-(G + 1 - places) :], upper[:places])),
                    logarithm.eq(1 << G),
                    step.eq(1),
                ]
                m.next = "LOAD"
            with m.State("LOAD"):
                m.d.sync += [lower.eq(upper), left.eq(step)]
                m.next = "SHIFT"
            with m.State("SHIFT"):
                coarse = left >= COARSE
                m.d.sync += [
                    lower.eq(Mux(coarse, lower >> COARSE, lower >> 1)),
                    left.eq(left - Mux(coarse, COARSE, 1)),
                ]
                with m.If((left == 1) | (left == COARSE)):
                    m.next = "STEP"
            with m.State("STEP"):
                # The table was read while the number was shifted.
                with m.If(~total[G + 1]):
                    m.d.sync += [upper.eq(total), logarithm.eq(logarithm - log_step)]
                m.d.sync += step.eq(step + 1)
                with m.If(step == STEPS):
                    m.next = "ROUND"
                with m.Else():
                    m.next = "LOAD"
            with m.State("ROUND"):
                m.d.comb += done.eq(1)
                m.next = "IDLE"

        m.d.comb += self.o.valid.eq(delayed(m, done, ROUND_CYCLES, "done", reset=True))
        drive_rounded(m, fmt, self.i.p, logarithm, zeros, self.o.p)
        return m
