"""L, the greatest code not above the log2 of a sum of two."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.pipeline import delayed, flow
from ..primitives.product import product, product_latency
from ..primitives.table import READ_CYCLES, Table
from ..spec.log_add_table import FIRST_ZERO, SEGMENT_BITS, SEGMENTS, log_add_segments
from ..spec.log_format import Q16_16
from .code_sum import is_zero

__all__ = ["LogAdd", "log_add_layout", "log_added_layout"]

PORTS = 2
"""Ports per block RAM."""

_BITS = Q16_16.code_bits
_BASE_BITS, _SLOPE_BITS, _BEND_BITS = 30, 22, 13
_BASE_PLACE, _SLOPE_PLACE, _GAIN_PLACE = 19, 9, 32
"""Binary places of B, of the slope's product and of the gain in the formula of G."""
_GAIN_BITS = Q16_16.fraction_bits + 1
_NEAR_BITS = SEGMENT_BITS + (SEGMENTS - 1).bit_length()
"""Bits of the distances for which there are segments."""

_PICKED = 2  # cycles to the distance and the greater code
_FACTORS = _PICKED + READ_CYCLES
_PRODUCTS = _FACTORS + max(product_latency(SEGMENT_BITS), product_latency(_BEND_BITS))
_GAIN = _PRODUCTS + 2


def log_add_layout() -> data.StructLayout:
    """Return the layout of a lane's input: codes ``a`` and ``b``.

    ``absent``: take a for the log of zero, whatever it is. ``plain``: give the maximum alone.
    """
    return data.StructLayout({"a": signed(_BITS), "b": signed(_BITS), "absent": 1, "plain": 1})


def log_added_layout() -> data.StructLayout:
    """Return the layout of a lane's output: ``code``, and ``cut``, if it was cut to the highest."""
    return data.StructLayout({"code": signed(_BITS), "cut": 1})


class LogAdd(wiring.Component):
    """``L(a, b) = max(a, b) + G(|a - b|)``, exact for all codes (`spec.log_add_table`).

    A lane takes two reads of tables, of a segment's constants and of the parabola that they bend
    by, and two products. Two lanes share their tables, because block RAM has two ports.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    lanes : int
        Pairs of codes per beat.

    Members
    -------
    i : flow of ArrayLayout(`log_add_layout`, lanes)
    o : flow of ArrayLayout(`log_added_layout`, lanes)
    """

    latency = _GAIN + 2

    def __init__(self, lanes: int = 1) -> None:
        self.lanes = lanes
        super().__init__(
            {
                "i": In(flow(data.ArrayLayout(log_add_layout(), lanes))),
                "o": Out(flow(data.ArrayLayout(log_added_layout(), lanes))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for lane in range(self.lanes):
            if lane % PORTS == 0:
                segments = Table(m, platform, f"segments_{lane // PORTS}", _segment_words())
                shape = Table(m, platform, f"shape_{lane // PORTS}", _shape_words())
            name = f"lane_{lane}"
            higher, distance, exact = self._picked(m, self.i.p[lane], name)
            gain = self._gain(m, platform, distance, exact, segments, shape, name)
            higher = delayed(m, higher, _GAIN - _PICKED, f"{name}_higher")
            total = delayed(m, higher + gain, 1, f"{name}_total")
            above = ~total[_BITS] & total[_BITS - 1]
            highest = Const(Q16_16.max_code, _BITS)
            code = Mux(above, highest, total[:_BITS])
            m.d.comb += [
                self.o.p[lane].code.eq(delayed(m, code, 1, f"{name}_code").as_signed()),
                self.o.p[lane].cut.eq(delayed(m, above, 1, f"{name}_cut")),
            ]
        m.d.comb += self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True))
        return m

    @staticmethod
    def _picked(m: Module, pair: data.View, name: str) -> tuple[Value, Value, Value]:
        """Return the greater code, the distance, and whether nothing is to be added to the code."""
        a, b = pair.a, pair.b
        down = delayed(m, a - b, 1, f"{name}_down")
        up = delayed(m, b - a, 1, f"{name}_up")
        a_q1, b_q1 = delayed(m, a, 1, f"{name}_a"), delayed(m, b, 1, f"{name}_b")
        no_a = delayed(m, is_zero(a) | pair.absent, 1, f"{name}_no_a")
        exact = delayed(m, is_zero(b) | pair.plain, 1, f"{name}_exact")
        rises = down[-1]
        return (
            delayed(m, Mux(rises | no_a, b_q1, a_q1), 1, f"{name}_picked"),
            delayed(m, Mux(rises, up, down)[:_BITS], 1, f"{name}_distance"),
            delayed(m, exact | no_a, 1, f"{name}_alone"),
        )

    @staticmethod
    def _gain(
        m: Module,
        platform: object,
        distance: Value,
        exact: Value,
        segments: Table,
        shape: Table,
        name: str,
    ) -> Value:
        """Return G of a distance, or 0, `_GAIN` - `_PICKED` cycles later."""
        low = delayed(m, distance[:SEGMENT_BITS], READ_CYCLES, f"{name}_low")
        constants = segments.read(m, distance[SEGMENT_BITS:_NEAR_BITS])
        base = constants[:_BASE_BITS]
        slope = constants[_BASE_BITS : _BASE_BITS + _SLOPE_BITS]
        bend = constants[_BASE_BITS + _SLOPE_BITS :]
        # The lowest two bits of lo * (1024 - lo) are that of lo, so the table has all but one.
        parabola = Cat(low[0], shape.read(m, distance[:SEGMENT_BITS]))

        far = delayed(m, distance[_NEAR_BITS:].any(), 1, f"{name}_far")
        beyond = distance[_NEAR_BITS + 1 :].any()
        last = (distance[: _NEAR_BITS + 1] < FIRST_ZERO) & ~beyond
        last_q1 = delayed(m, last, 1, f"{name}_last")
        alone = delayed(m, exact, 1, f"{name}_exact")
        wait = _GAIN - 1 - _PICKED - 1
        near = delayed(m, ~far & ~alone, wait, f"{name}_near")
        one = delayed(m, far & last_q1 & ~alone, wait, f"{name}_one")

        through = _PRODUCTS - _FACTORS
        chord = product(m, platform, slope, low, f"{name}_chord")
        chord = delayed(m, chord, through - product_latency(SEGMENT_BITS), f"{name}_chord")
        sag = product(m, platform, parabola, bend, f"{name}_sag")
        sag = delayed(m, sag, through - product_latency(_BEND_BITS), f"{name}_sag")
        taken = Cat(sag[:_SLOPE_PLACE], chord + sag[_SLOPE_PLACE:])
        taken = delayed(m, taken, 1, f"{name}_taken")
        base = delayed(m, base, through + 1, f"{name}_base")
        rest = (Cat(Const(0, _BASE_PLACE), base) - taken)[_GAIN_PLACE : _GAIN_PLACE + _GAIN_BITS]
        gain = Signal(_GAIN_BITS, name=f"{name}_gain", reset_less=True)
        m.d.sync += gain.eq((rest & near.replicate(_GAIN_BITS)) | one)
        return gain


def _segment_words() -> list[int]:
    """Return B, S and Q of each segment in a word."""
    return [
        base | slope << _BASE_BITS | bend << _BASE_BITS + _SLOPE_BITS
        for base, slope, bend in log_add_segments().tolist()
    ]


def _shape_words() -> list[int]:
    """Return half of lo * (1024 - lo) for each lo."""
    length = 1 << SEGMENT_BITS
    return [low * (length - low) >> 1 for low in range(length)]
