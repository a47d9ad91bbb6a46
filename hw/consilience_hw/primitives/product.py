"""Multipliers: in look-up tables, as pipelined trees of masked sums, or in a platform's blocks."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, unsigned

from .masked_sum import masked_sum
from .pipeline import delayed, tree_depth

__all__ = [
    "LONG_PRODUCT_CYCLES",
    "MULTIPLIER_BITS",
    "MULTIPLIER_CYCLES",
    "long_product",
    "product",
    "product_latency",
]

MULTIPLIER_BITS = 18
"""Width of the factors of a platform's `registered_product`."""
MULTIPLIER_CYCLES = 3
"""Its latency: registers before it, in it, and after it."""
LONG_PRODUCT_CYCLES = MULTIPLIER_CYCLES + 2
"""Latency of a `long_product`."""


def product_latency(factor_bits: int) -> int:
    """Return the latency of a `product` by a factor of that many bits."""
    return 1 + tree_depth(-(-factor_bits // 2))


def product(m: Module, platform: object, a: Value, factor: Value, name: str) -> Signal:
    """Return ``a * factor``, unsigned, after `product_latency` of the factor's width.

    Every two bits of the factor give a row, and a balanced tree adds the rows; bits below the
    distance of two rows are not added.
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


def long_product(m: Module, platform: Any, a: Value, factor: Value, name: str) -> Value:
    """Return ``a * factor``, unsigned, after `LONG_PRODUCT_CYCLES`; `factor` has up to 18 bits.

    A platform with multipliers gets one for each 18 bits of `a`, of which there are up to three;
    the upper ones are added one after the other. Others get a `product`.
    """
    pieces = [a[low : low + MULTIPLIER_BITS] for low in range(0, len(a), MULTIPLIER_BITS)]
    if len(pieces) > 3 or len(factor) > MULTIPLIER_BITS:
        raise ValueError(f"no long product of {len(a)} by {len(factor)} bits")
    multiplier = getattr(platform, "registered_product", None)
    if multiplier is None:
        waits = LONG_PRODUCT_CYCLES - product_latency(len(factor))
        a, factor = delayed(m, a, waits, f"{name}_a"), delayed(m, factor, waits, f"{name}_factor")
        return product(m, platform, a, factor, name)
    done: list[Value] = []
    carried: Value = Const(0, 0)
    for number, piece in enumerate(pieces):
        part = Signal(len(piece) + len(factor), name=f"{name}_part_{number}")
        m.submodules[f"{name}_part_{number}"] = multiplier(part, piece, factor)
        total = delayed(m, part, max(number - 1, 0), f"{name}_part_{number}")
        if number:
            total = delayed(m, total + carried, 1, f"{name}_sum_{number}")
        low, carried = total[:MULTIPLIER_BITS], total[MULTIPLIER_BITS:]
        done.append(delayed(m, low, 2 - number, f"{name}_low_{number}"))
    done.append(delayed(m, carried, 3 - len(pieces), f"{name}_high"))
    return Cat(*done)[: len(a) + len(factor)]
