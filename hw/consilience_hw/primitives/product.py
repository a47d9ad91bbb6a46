"""Multipliers in look-up tables, as pipelined trees of masked sums."""

from amaranth.hdl import Cat, Const, Module, Signal, Value, unsigned

from .masked_sum import masked_sum
from .pipeline import delayed, tree_depth

__all__ = ["product", "product_latency"]


def product_latency(factor_bits: int) -> int:
    """Return the latency of a `product` by a factor of that many bits."""
    return 1 + tree_depth(-(-factor_bits // 2))


def product(m: Module, platform: object, a: Value, factor: Value, name: str) -> Signal:
    """Return ``a * factor``, unsigned, after `product_latency` of the factor's width.

    Every two bits of the factor give a row, and a balanced tree adds the rows; bits below the
    distance of two rows are not added. DSP blocks would need fewer cells, but are far from their
    users, and a netlist without them can be read back from an iCE40.
    """
    rows = []
    for place in range(0, len(factor), 2):
        pair = factor[place : place + 2]
        upper = Cat(Const(0, 1), a)
        use_upper = pair[1] if len(pair) == 2 else Const(0, 1)
        row = masked_sum(m, platform, a, pair[0], upper, use_upper, f"{name}_row_{place // 2}")
        rows.append(delayed(m, row, 1, f"{name}_l0_{place // 2}"))
    distance, level = 2, 0
    while len(rows) > 1:
        level += 1
        sums = []
        for index in range(0, len(rows), 2):
            total = rows[index]
            if index + 1 < len(rows):
                total = Cat(total[:distance], total[distance:] + rows[index + 1])
            sums.append(delayed(m, total, 1, f"{name}_l{level}_{index // 2}"))
        rows = sums
        distance *= 2
    total = Signal(unsigned(len(a) + len(factor)), name=name)
    m.d.comb += total.eq(rows[0])
    return total
