"""The windowed state: its layout, and the bins that a higher top clears.

Slot j holds the sum of the one bin congruent to j modulo D + 1 among ``top - D .. top``. A higher
top therefore moves nothing: it clears the bins that leave the window, and the new bins take their
slots.
"""

from amaranth.hdl import Module, Signal, Value, signed, unsigned
from amaranth.lib import data
from amaranth.utils import ceil_log2

from ..primitives.pipeline import delayed
from ..spec.log_format import LogFormat

__all__ = ["KEPT_LATENCY", "kept_slots", "later_top", "top_bits", "window_layout"]

KEPT_LATENCY = 3
"""Cycles of `kept_slots`: the distance, whether it is far, the comparison per slot."""


def window_layout(fmt: LogFormat, codes: int | None = None) -> data.StructLayout:
    """Return the layout of a windowed state of up to `codes` codes (default: the capacity).

    ``present``: it holds at least one finite code; if not, all slots are zero. ``top``: signed,
    the top bin. ``slots``: D + 1 unsigned sums without carries between them. ``count``: finite
    codes. ``over``: more codes than the capacity were added; sticky, and the other fields mean
    nothing.
    """
    codes = fmt.capacity if codes is None else codes
    return data.StructLayout(
        {
            "present": 1,
            "top": signed(top_bits(fmt)),
            "slots": data.ArrayLayout(unsigned(fmt.bin_width + ceil_log2(codes)), fmt.slots),
            "count": unsigned(codes.bit_length()),
            "over": 1,
        }
    )


def top_bits(fmt: LogFormat) -> int:
    """Return the width of a signed bin number."""
    return fmt.integer_bits - ceil_log2(fmt.bin_width)


def later_top(present_a: Value, top_a: Value, present_b: Value, top_b: Value) -> Value:
    """Return whether b's top is above a's; an absent state is below every present one."""
    return present_b & (~present_a | (top_b > top_a))


def kept_slots(
    m: Module, top: Value, own_top: Value, fmt: LogFormat, name: str, *, none: Value | None = None
) -> list[Signal]:
    """Return, after `KEPT_LATENCY` cycles, for each slot whether its bin stays under a higher top.

    Slot j holds bin ``own_top - r``, r = (own_top - j) mod slots, and stays iff
    ``r + (top - own_top) < slots``. `top` must not be below `own_top`, unless the state is absent:
    then the result means nothing. With `none`, in the cycle of the tops, no slot stays.
    """
    slots = fmt.slots
    slot_log = ceil_log2(slots)
    above_q1 = Signal(len(top), name=f"{name}_above", reset_less=True)
    m.d.sync += above_q1.eq(top - own_top)
    low_q2 = delayed(m, own_top[:slot_log], 2, f"{name}_low")
    far = above_q1[slot_log:].any()
    if none is not None:
        far |= delayed(m, none, 1, f"{name}_none")
    far_q2 = delayed(m, far, 1, f"{name}_far")
    above_q2 = delayed(m, above_q1[:slot_log], 1, f"{name}_above_low")
    kept = []
    for j in range(slots):
        keep = Signal(name=f"{name}_keep_{j}", reset_less=True)
        rank = (low_q2 - j)[:slot_log]
        m.d.sync += keep.eq(~far_q2 & ((rank + above_q2) < slots))
        kept.append(keep)
    return kept
