"""The sum of two codes as the contract of monitors has it."""

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed

from ..primitives.pipeline import delayed
from ..spec.log_format import Q16_16

__all__ = ["CODE_SUM_LATENCY", "code_sum", "is_zero"]

CODE_SUM_LATENCY = 2
"""Cycles from two codes to their sum."""

_BITS = Q16_16.code_bits


def is_zero(code: Value) -> Value:
    """Return whether a code is the log of zero."""
    return code == Q16_16.log_of_zero


def code_sum(m: Module, a: Value, b: Value, name: str) -> tuple[Value, Value]:
    """Return ``a (+) b`` and whether it was cut, after `CODE_SUM_LATENCY`; one a cycle.

    The log of zero absorbs, and what is below the lowest code is it. What is above the highest code
    is cut to it.
    """
    total = delayed(m, a + b, 1, f"{name}_total")
    absorbed = delayed(m, is_zero(a) | is_zero(b), 1, f"{name}_absorbed")
    # -2**31 exactly already is the log of zero.
    below = total[_BITS] & ~total[_BITS - 1]
    above = ~total[_BITS] & total[_BITS - 1]
    code = Signal(signed(_BITS), name=f"{name}_code", reset_less=True)
    highest = Const(Q16_16.max_code, signed(_BITS))
    lowest = Const(Q16_16.log_of_zero, signed(_BITS))
    inside = Mux(above, highest, total[:_BITS].as_signed())
    m.d.sync += code.eq(Mux(absorbed | below, lowest, inside))
    return code, delayed(m, above, 1, f"{name}_cut")
