"""Adder with per-operand enables."""

from amaranth.hdl import Module, Signal, Value, unsigned

__all__ = ["masked_sum"]


def masked_sum(
    m: Module, platform: object, a: Value, use_a: Value, b: Value, use_b: Value, name: str
) -> Signal:
    """Return ``(a if use_a else 0) + (b if use_b else 0)``, unsigned, in the same cycle.

    A platform whose carry chains have a look-up table before every bit offers its own `masked_sum`,
    in which the masks cost nothing. Others get two rows of AND gates and an adder.
    """
    width = max(len(a), len(b)) + 1
    total = Signal(unsigned(width), name=name)
    special = getattr(platform, "masked_sum", None)
    if special is None:
        m.d.comb += total.eq((a & use_a.replicate(len(a))) + (b & use_b.replicate(len(b))))
    else:
        m.submodules[name] = special(total, a, use_a, b, use_b)
    return total
