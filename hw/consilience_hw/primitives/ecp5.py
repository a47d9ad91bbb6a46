"""Cells and attributes of a Lattice ECP5 that synthesis does not find by itself."""

from typing import ClassVar

from amaranth.hdl import Cat, ClockSignal, Const, Elaboratable, Instance, Module, Signal, Value

from .product import MULTIPLIER_BITS

__all__ = ["Ecp5Fabric", "MaskedSum", "RegisteredProduct"]

AND_XOR_AND = sum(1 << row for row in range(16) if (row & 3 == 3) != (row >> 2 == 3))
"""Look-up table of ``(A & B) ^ (C & D)``, row = D, C, B, A; its first four rows are ``A & B``."""


class Ecp5Fabric:
    """What a platform offers to sums, products, tables, and memories of results and of agents."""

    table_column_bits = 18
    """Width of a port of a block RAM with two ports; each can have an output register."""

    queue_attributes: ClassVar = {"ram_style": "block", "no_rw_check": 1}
    """Attributes of the memory of a queue: a word is arbitrary while it is written."""

    @staticmethod
    def deep_column_bits(depth: int) -> int:
        """Return the width of a port of a block RAM that has so many words, of one if none has."""
        widths = {1 << 10: 18, 1 << 11: 9, 1 << 12: 4, 1 << 13: 2}
        return next((bits for words, bits in widths.items() if depth <= words), 1)

    @staticmethod
    def masked_sum(total: Signal, a: Value, use_a: Value, b: Value, use_b: Value) -> Elaboratable:
        """Return what drives ``total`` with ``(a if use_a else 0) + (b if use_b else 0)``."""
        return MaskedSum(total, a, use_a, b, use_b)

    @staticmethod
    def registered_product(total: Signal, a: Value, b: Value) -> Elaboratable:
        """Return what drives ``total`` with ``a * b`` after `product.MULTIPLIER_CYCLES` cycles."""
        return RegisteredProduct(total, a, b)


class MaskedSum(Elaboratable):
    """A carry chain of CCU2C cells, two bits each, whose look-up tables hold the masks, too.

    A cell's sum bit is its table's output XOR the carry; where the table gives 0, the carry out is
    that of the table's first four rows: ``A & B``, which then equals ``C & D``.
    """

    def __init__(self, total: Signal, a: Value, use_a: Value, b: Value, use_b: Value) -> None:
        self.total = total
        self.a, self.use_a = Value.cast(a), Value.cast(use_a)
        self.b, self.use_b = Value.cast(b), Value.cast(use_b)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = len(self.total)
        even = width + width % 2
        bits_a = Cat(self.a, Const(0, even - len(self.a)))
        bits_b = Cat(self.b, Const(0, even - len(self.b)))
        sums = Signal(even)
        carry: Value = Const(0, 1)
        for low in range(0, even, 2):
            carry_out = Signal(name=f"carry_{low + 2}")
            ports: dict[str, object] = {"i_CIN": carry, "o_COUT": carry_out}
            for half in range(2):
                ports |= {
                    f"i_A{half}": bits_a[low + half],
                    f"i_B{half}": self.use_a,
                    f"i_C{half}": bits_b[low + half],
                    f"i_D{half}": self.use_b,
                    f"o_S{half}": sums[low + half],
                    f"p_INIT{half}": Const(AND_XOR_AND, 16),
                    f"p_INJECT1_{half}": "NO",
                }
            m.submodules[f"bits_{low}"] = Instance("CCU2C", **ports)
            carry = carry_out
        m.d.comb += self.total.eq(sums)
        return m


class RegisteredProduct(Elaboratable):
    """A MULT18X18D with all its registers: a product of two unsigned numbers per cycle.

    Lattice's data sheet gives 225 MHz for a fully registered product of 18 by 18 bits at speed 8
    (FPGA-DS-02012, register-to-register performance); nextpnr's model has no such limit.
    """

    def __init__(self, total: Signal, a: Value, b: Value) -> None:
        for factor in (a, b):
            if len(factor) > MULTIPLIER_BITS:
                raise ValueError(f"a factor has {len(factor)} bits, more than {MULTIPLIER_BITS}")
        self.total = total
        self.a, self.b = Value.cast(a), Value.cast(b)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        result = Signal(2 * MULTIPLIER_BITS)
        ports: dict[str, object] = {"i_CLK0": ClockSignal("sync"), "i_CE0": 1, "i_RST0": 0}
        for side, factor in (("A", self.a), ("B", self.b)):
            wide = Cat(factor, Const(0, MULTIPLIER_BITS - len(factor)))
            ports |= {f"i_{side}{place}": wide[place] for place in range(MULTIPLIER_BITS)}
            ports |= {f"i_SIGNED{side}": 0, f"i_SOURCE{side}": 0}
        ports |= {f"o_P{place}": result[place] for place in range(len(result))}
        for stage in ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT"):
            ports |= {
                f"p_REG_{stage}_CLK": "CLK0",
                f"p_REG_{stage}_CE": "CE0",
                f"p_REG_{stage}_RST": "RST0",
            }
        ports |= {"p_GSR": "DISABLED", "p_RESETMODE": "SYNC", "p_MULT_BYPASS": "DISABLED"}
        m.submodules.multiplier = Instance("MULT18X18D", **ports)
        m.d.comb += self.total.eq(result)
        return m
