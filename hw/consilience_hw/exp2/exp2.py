"""Code to term: the mantissa and position of 2**(code / 2**fraction_bits)."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..primitives.masked_sum import masked_sum
from ..primitives.pipeline import delayed, flow
from ..primitives.product import MULTIPLIER_CYCLES
from ..primitives.table import READ_CYCLES, Table
from ..spec.counts import check_count
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
    correctly rounded one. Two lanes share their tables, because block RAM has two ports. A platform
    with multipliers offers its own `registered_product`; others get rows of masked sums.

    Latency: `latency` cycles for all data. Throughput: one beat per cycle.

    Parameters
    ----------
    fmt : LogFormat
        Number format.
    lanes : int
        Codes per beat.
    to_tables, from_tables : int
        Cycles to the block RAMs, and from there to the multipliers, on top: both lie where the
        part has them, and that may be far apart where many lanes share a part.

    Members
    -------
    i : flow of ArrayLayout(`code_layout`, lanes)
    o : flow of ArrayLayout(`term_layout`, lanes)
    """

    latency = 7

    def __init__(
        self,
        fmt: LogFormat = Q16_16,
        lanes: int = 1,
        *,
        to_tables: int = 0,
        from_tables: int = 0,
    ) -> None:
        check_count("lanes", lanes)
        check_count("to_tables", to_tables, 0)
        check_count("from_tables", from_tables, 0)
        self.fmt = fmt
        self.lanes = lanes
        self.to_tables, self.from_tables = to_tables, from_tables
        self.latency = Exp2.latency + to_tables + from_tables
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
        """Add the tables of a pair of lanes: "chord", A and S, and "bend", Q.

        What is added anyway is left out of them: `least_slope` of a slope, and the `lift` that
        makes minus a bend its complement, of a base.
        """
        rom = exp2_rom(self.fmt)
        if not rom.low_bits:
            return {"chord": Table(m, platform, f"chord_{pair}", rom.base)}
        # A and S share an address: one table.
        chord = [
            base - rom.lift | slope - rom.least_slope << rom.base_bits
            for base, slope in zip(rom.base, rom.slope, strict=True)
        ]
        return {
            "chord": Table(m, platform, f"chord_{pair}", chord),
            "bend": Table(m, platform, f"bend_{pair}", [rom.lift - bend for bend in rom.bend]),
        }

    def _mantissa(
        self, m: Module, platform: object, lane: int, fraction: Value, tables: dict[str, Table]
    ) -> Value:
        """Return the mantissa of a fraction after `latency` cycles."""
        rom = exp2_rom(self.fmt)
        multiplies = hasattr(platform, "registered_product")
        rises = MULTIPLIER_CYCLES + 1 if multiplies else 3  # cycles from the words to the rise
        reads = self.to_tables + READ_CYCLES + self.from_tables
        fraction = delayed(m, fraction, self.latency - reads - rises - 1, f"fraction_{lane}")
        low, interval = fraction[: rom.low_bits], fraction[rom.low_bits :]
        chord = self._read(m, tables["chord"], interval, f"chord_{lane}")
        base = chord[: rom.base_bits]
        if not rom.low_bits:
            return delayed(m, base, rises + 1, f"mantissa_{lane}")
        folded = low[:-1] ^ low[-1].replicate(rom.low_bits - 1)
        group_bits = ceil_log2(len(rom.bend)) - len(folded)
        place = Cat(folded, interval[len(interval) - group_bits :])
        bend = self._read(m, tables["bend"], place, f"bend_{lane}")
        low = delayed(m, low, reads, f"low_{lane}")

        # What a bend and `least_slope` give: side by side, as one number.
        beside = ceil_log2(rom.least_slope) - (rom.fine - rom.coarse)
        gift = Cat(bend, Const(0, beside - rom.bend_bits), low)
        rise_of = self._rise_by_multiplier if multiplies else self._rise_in_rows
        rise = rise_of(m, platform, lane, chord[rom.base_bits :], low, gift)
        mantissa = (delayed(m, base, rises, f"base_{lane}") + rise)[rom.coarse :]
        return delayed(m, mantissa[: self.fmt.mantissa_bits + 1], 1, f"mantissa_{lane}")

    def _read(self, m: Module, table: Table, address: Value, name: str) -> Value:
        """Return a word of a table, with the cycles that the ways to it and from it have."""
        address = delayed(m, address, self.to_tables, f"{name}_address")
        return delayed(m, table.read(m, address), self.from_tables, f"{name}_word")

    def _rise_by_multiplier(
        self, m: Module, platform: Any, lane: int, slope: Value, low: Value, gift: Value
    ) -> Signal:
        """Return ``(slope * low >> fine - coarse) + gift`` after `MULTIPLIER_CYCLES` + 1."""
        rom = exp2_rom(self.fmt)
        scaled = Signal(len(slope) + len(low), name=f"scaled_{lane}")
        m.submodules[f"product_{lane}"] = platform.registered_product(scaled, slope, low)
        late = delayed(m, gift, MULTIPLIER_CYCLES, f"gift_{lane}")
        return delayed(m, (scaled >> rom.fine - rom.coarse) + late, 1, f"rise_{lane}")

    def _rise_in_rows(
        self, m: Module, platform: object, lane: int, slope: Value, low: Value, gift: Value
    ) -> Signal:
        """Return the same after 3 cycles: two bits of `low` per row.

        Bits of the product that are finer than those of the base are cut; `gift` has none.
        """
        rom = exp2_rom(self.fmt)
        extra = rom.fine - rom.coarse
        bits = Cat(low, Const(0, 6 - rom.low_bits))
        rows = []
        for row in range(3):
            name = f"row_{lane}_{row}"
            use, use_twice = bits[2 * row], bits[2 * row + 1]
            twice = Cat(Const(0, 1), slope)
            total = masked_sum(m, platform, slope, use, twice, use_twice, name)
            rows.append(delayed(m, total, 1, name))
        lower = Cat(rows[0][:2], rows[0][2:] + rows[1]) >> extra
        upper = ((rows[2] << 4) >> extra) + delayed(m, gift, 1, f"gift_{lane}")
        lower = delayed(m, lower, 1, f"lower_{lane}")
        return delayed(m, delayed(m, upper, 1, f"upper_{lane}") + lower, 1, f"rise_{lane}")
