"""Cells and attributes of a Lattice ECP5 that synthesis does not find by itself."""

from typing import ClassVar

from amaranth.hdl import Cat, Const, Elaboratable, Instance, Module, Signal, Value

__all__ = ["Ecp5Fabric", "MaskedSum"]

AND_XOR_AND = sum(1 << row for row in range(16) if (row & 3 == 3) != (row >> 2 == 3))
"""Look-up table of ``(A & B) ^ (C & D)``, row = D, C, B, A; its first four rows are ``A & B``."""


class Ecp5Fabric:
    """What a platform offers to `masked_sum`, tables, and memories of results and of agents."""

    table_column_bits = 18
    """Width of a port of a block RAM with two ports; each can have an output register."""

    queue_attributes: ClassVar = {"ram_style": "distributed"}
    """Attributes of the memory of a queue: look-up tables, which are quick to read."""

    @staticmethod
    def deep_column_bits(depth: int) -> int:
        """Return the width of a port of a block RAM that has so many words, of one if none has."""
        widths = {1 << 10: 18, 1 << 11: 9, 1 << 12: 4, 1 << 13: 2}
        return next((bits for words, bits in widths.items() if depth <= words), 1)

    @staticmethod
    def masked_sum(total: Signal, a: Value, use_a: Value, b: Value, use_b: Value) -> Elaboratable:
        """Return what drives ``total`` with ``(a if use_a else 0) + (b if use_b else 0)``."""
        return MaskedSum(total, a, use_a, b, use_b)


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
