"""Code to term: the mantissa and position of 2**(code / 2**fraction_bits)."""

from amaranth.hdl import Cat, Const, Module, Value, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..primitives.masked_sum import masked_sum
from ..primitives.pipeline import delayed, flow
from ..primitives.table import Table
from ..spec.log_format import Q16_16, LogFormat
from .exp2_rom import exp2_rom

__all__ = ["Exp2", "code_layout", "term_layout"]

PORTS = 2
"""Ports per block RAM."""


def term_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a term: ``mantissa * 2**(position - P)`` if `present`, else nothing.

    ``mantissa``: P + 1 bits, M[f] of `exp2_table`. ``position``: signed, the code's integer part.
    ``present``: 0 for the log of zero and for an unused lane.
    """
    return data.StructLayout(
        {
            "mantissa": unsigned(fmt.mantissa_bits + 1),
            "position": signed(fmt.integer_bits),
            "present": 1,
        }
    )


def code_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a lane's input: ``code``, and ``present``, 0 for no term."""
    return data.StructLayout({"code": signed(fmt.code_bits), "present": 1})


class Exp2(wiring.Component):
    """``code -> M[code & (2**F - 1)], code >> F``, exact for every code.

    Each lane takes three table reads and a narrow product (`exp2_rom`); every mantissa equals the
    correctly rounded one. Two lanes share their tables, because block RAM has two ports.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        Codes per beat.

    Members
    -------
    i : flow of ArrayLayout(`code_layout`, lanes)
    o : flow of ArrayLayout(`term_layout`, lanes)
    """

    latency = 6

    def __init__(self, fmt: LogFormat = Q16_16, lanes: int = 1) -> None:
        self.fmt = fmt
        self.lanes = lanes
        super().__init__(
            {
                "i": In(flow(data.ArrayLayout(code_layout(fmt), lanes))),
                "o": Out(flow(data.ArrayLayout(term_layout(fmt), lanes))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        fmt = self.fmt
        for lane in range(self.lanes):
            if lane % PORTS == 0:
                tables = self._tables(m, platform, lane // PORTS)
            code, present = self.i.p[lane].code, self.i.p[lane].present
            fraction = code[: fmt.fraction_bits]
            mantissa = self._mantissa(m, platform, lane, fraction, tables)
            position = code[fmt.fraction_bits :].as_signed()
            term = self.o.p[lane]
            m.d.comb += [
                term.mantissa.eq(mantissa),
                term.position.eq(delayed(m, position, self.latency, f"position_{lane}")),
                term.present.eq(delayed(m, present, self.latency, f"present_{lane}")),
            ]
        m.d.comb += self.o.valid.eq(delayed(m, self.i.valid, self.latency, "valid", reset=True))
        return m

    def _tables(self, m: Module, platform: object, pair: int) -> dict[str, Table]:
        """Add the tables of a pair of lanes: "chord", A and S, and "bend", Q."""
        rom = exp2_rom(self.fmt)
        # The leading bit of every base is 1, and not stored. A and S share an address: one table.
        first = 1 << rom.base_bits - 1
        chord = [word - first for word in rom.base]
        if not rom.low_bits:
            return {"chord": Table(m, platform, f"chord_{pair}", chord)}
        slopes = zip(chord, rom.slope, strict=True)
        chord = [base | slope << rom.base_bits - 1 for base, slope in slopes]
        return {
            "chord": Table(m, platform, f"chord_{pair}", chord),
            "bend": Table(m, platform, f"bend_{pair}", rom.bend),
        }

    def _mantissa(
        self, m: Module, platform: object, lane: int, fraction: Value, tables: dict[str, Table]
    ) -> Value:
        """Return the mantissa of a fraction after `latency` cycles."""
        rom = exp2_rom(self.fmt)
        low, interval = fraction[: rom.low_bits], fraction[rom.low_bits :]
        chord_q2 = tables["chord"].read(m, interval)
        base_q2 = Cat(chord_q2[: rom.base_bits - 1], Const(1, 1))
        if not rom.low_bits:
            return delayed(m, base_q2, self.latency - 2, f"mantissa_{lane}")
        slope_q2 = chord_q2[rom.base_bits - 1 :]
        folded = low[:-1] ^ low[-1].replicate(rom.low_bits - 1)
        group_bits = ceil_log2(len(rom.bend)) - len(folded)
        place = Cat(folded, interval[len(interval) - group_bits :])
        bend_q2 = tables["bend"].read(m, place)

        # The rise is slope * b, two bits of b per row, minus the bend; its bits finer than those of
        # the base are cut.
        extra = rom.fine - rom.coarse
        low_q2 = delayed(m, Cat(low, Const(0, 6 - rom.low_bits)), 2, f"low_{lane}")
        rows_q3 = []
        for row in range(3):
            bits = low_q2[2 * row : 2 * row + 2]
            name = f"row_{lane}_{row}"
            twice = Cat(Const(0, 1), slope_q2)
            total = masked_sum(m, platform, slope_q2, bits[0], twice, bits[1], name)
            rows_q3.append(delayed(m, total, 1, name))
        bend_q3 = delayed(m, bend_q2, 1, f"bend_{lane}")
        lower = Cat(rows_q3[0][:2], rows_q3[0][2:] + rows_q3[1]) >> extra
        lower_q4 = delayed(m, lower, 1, f"lower_{lane}")
        upper_q4 = delayed(m, ((rows_q3[2] << 4) >> extra) - bend_q3, 1, f"upper_{lane}")
        rise_q5 = delayed(m, upper_q4 + lower_q4, 1, f"rise_{lane}")
        mantissa = (delayed(m, base_q2, 3, f"base_{lane}") + rise_q5)[rom.coarse :]
        return delayed(m, mantissa[: self.fmt.mantissa_bits + 1], 1, f"mantissa_{lane}")
