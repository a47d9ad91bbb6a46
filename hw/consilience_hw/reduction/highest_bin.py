"""The highest bin of a beat's codes: the top of its window, known before its terms are."""

from amaranth.hdl import Cat, Module, Mux, Value, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..exp2.exp2 import code_layout
from ..primitives.pipeline import delayed, flow, tree_depth
from ..spec.counts import check_count
from ..spec.log_format import Q16_16, LogFormat
from .window import top_bits

__all__ = ["HighestBin", "bin_key", "is_above", "key_bits"]


def key_bits(fmt: LogFormat) -> int:
    """Return the width of a `bin_key`."""
    return top_bits(fmt) + 1


def bin_key(present: Value, number: Value) -> Value:
    """Return a signed bin number as an unsigned key of the same order; absent ones are lowest.

    The highest bit is the presence, the next the sign, inverted.
    """
    return Cat(number[:-1], ~number[-1], present)


def is_above(a: Value, b: Value) -> Value:
    """Return ``a > b`` of unsigned numbers, as the sign of a difference.

    The carry of a comparison would need one more cell to leave its chain.
    """
    return (b - a)[-1]


class HighestBin(wiring.Component):
    """``max(code >> (F + log2(B)))`` over the finite codes of a beat, as a `bin_key`.

    A balanced tree; each level compares in one cycle and selects in the next. Whether a code is
    present is known later than its bin: that it beats an absent one is decided when selecting.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        W, codes per beat.
    late : int
        Cycles by which ``present`` comes after its code, 1 or more.

    Members
    -------
    i : flow of ArrayLayout(`exp2.code_layout`, lanes)
        ``present`` is that of the codes `late` cycles before.
    o : flow of `bin_key`
    """

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1, late: int = 1) -> None:
        check_count("lanes", lanes)
        check_count("late", late)
        self.fmt = fmt
        self.lanes = lanes
        self.late = late
        super().__init__(
            {
                "i": In(flow(data.ArrayLayout(code_layout(fmt), lanes))),
                "o": Out(flow(unsigned(key_bits(fmt)))),
            }
        )

    @property
    def latency(self) -> int:
        """Cycles from a beat to its highest bin."""
        return max(1, 2 * tree_depth(self.lanes)) + self.late - 1

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        low = fmt.fraction_bits + ceil_log2(fmt.bin_width)
        numbers: list[Value] = []
        keys_q1: list[Value] = []
        for number, lane in enumerate(self.i.p):
            key = bin_key(lane.present, lane.code[low:])
            numbers.append(delayed(m, key[:-1], self.late - 1, f"early_{number}"))
            keys_q1.append(Cat(delayed(m, numbers[-1], 1, f"number_{number}"), lane.present))
        level = 0
        while len(numbers) > 1:
            level += 1
            winners = []
            for index in range(0, len(numbers), 2):
                name = f"l{level}_{index // 2}"
                winner = keys_q1[index]
                if index + 1 < len(numbers):
                    second = keys_q1[index + 1]
                    above = is_above(numbers[index + 1], numbers[index])
                    above_q1 = delayed(m, above, 1, f"{name}_above")
                    winner = Mux(second[-1] & (above_q1 | ~winner[-1]), second, winner)
                winners.append(delayed(m, winner, 1, name))
            numbers = [winner[:-1] for winner in winners]
            keys_q1 = [delayed(m, winner, 1, f"l{level}_{k}") for k, winner in enumerate(winners)]
        highest = winners[0] if level else keys_q1[0]
        m.d.comb += [
            self.o.p.eq(highest),
            self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True)),
        ]
        return m
