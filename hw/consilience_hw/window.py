"""The windowed state: its layout, and which of its bins a higher top clears.

Slot j holds the sum of the one bin congruent to j modulo D + 1 among ``top - D .. top``. A higher
top therefore moves nothing: it clears the bins that leave the window, and their slots are those
the new bins take.
"""

from amaranth.hdl import Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import data
from amaranth.utils import ceil_log2

from .log_format import LogFormat

__all__ = ["drop_distance", "kept_slots", "later_top", "top_bits", "window_layout"]


def window_layout(fmt: LogFormat, codes: int | None = None) -> data.StructLayout:
    """Return the layout of a windowed state of up to `codes` codes (default: the capacity).

    ``present``: it holds at least one finite code; if not, all slots are zero. ``top``: signed,
    the top bin. ``slots``: D + 1 unsigned sums without carries between them. ``count``: finite
    codes. ``over``: more than the capacity were added; sticky, and the other fields mean nothing.
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


def later_top(present_a, top_a, present_b, top_b) -> Value:
    """Return whether b's top is above a's; an absent state is below every present one."""
    return present_b & (~present_a | (top_b > top_a))


def drop_distance(m: Module, top, own_top, slots: int, name: str) -> Signal:
    """Return how many bins `top` is above a state's own top, at most `slots`.

    `top` must not be below it, unless the state is absent: then the distance means nothing.
    """
    difference = Signal(len(top) + 1, name=f"{name}_difference")
    distance = Signal(range(slots + 1), name=f"{name}_distance")
    m.d.comb += difference.eq((top - own_top).as_unsigned())
    m.d.comb += distance.eq(Mux(difference >= slots, slots, difference))
    return distance


def kept_slots(m: Module, top_low: Value, distance: Value, slots: int, name: str) -> list[Signal]:
    """Return for each slot whether its bin stays in a window `distance` bins higher.

    With ``top_low = top mod slots`` slot j holds bin ``top - r``, r = (top_low - j) mod slots, and
    stays iff r + distance < slots.
    """
    kept = []
    for j in range(slots):
        keep = Signal(name=f"{name}_keep_{j}")
        rank = (top_low - j)[: len(top_low)]
        m.d.comb += keep.eq((rank + distance) < slots)
        kept.append(keep)
    return kept
