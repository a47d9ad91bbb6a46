"""What goes into and comes out of a live log sum."""

from amaranth.hdl import signed, unsigned
from amaranth.lib import data, enum

from ..spec.log_format import LogFormat

__all__ = ["LiveOperation", "live_beat_layout", "live_result_layout"]


class LiveOperation(enum.Enum, shape=2):
    """What one beat does to the state."""

    ADD = 0
    """The code comes in."""
    REMOVE = 1
    """The code, which came in before, goes out."""
    READ = 2
    """A result: the log sum of what all beats before have left."""
    CLEAR = 3
    """Everything goes out, and with it every fault noticed so far."""


def live_beat_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a beat: ``operation``, a `LiveOperation`, and ``code``, signed."""
    return data.StructLayout({"operation": LiveOperation, "code": signed(fmt.code_bits)})


def live_result_layout(fmt: LogFormat, codes: int) -> data.StructLayout:
    """Return the layout of a result.

    ``code``: the log sum, signed. ``status``: `ResultStatus` flags. ``count`` and ``zeros``: finite
    codes and logs of zero in the state, of up to `codes` each.
    """
    return data.StructLayout(
        {
            "code": signed(fmt.code_bits),
            "status": unsigned(8),
            "count": unsigned(codes.bit_length()),
            "zeros": unsigned(codes.bit_length()),
        }
    )
