"""Operations and results of a live log sum."""

from amaranth.hdl import signed, unsigned
from amaranth.lib import data, enum

from ..spec.log_format import LogFormat

__all__ = ["LiveOperation", "live_beat_layout", "live_result_layout"]


class LiveOperation(enum.Enum, shape=2):
    """Operation of one beat on the state."""

    ADD = 0
    """Add the code."""
    REMOVE = 1
    """Remove the code, which was added before."""
    READ = 2
    """Read the log sum of the state that all beats before have left."""
    CLEAR = 3
    """Empty the state, and clear every fault seen so far."""


def live_beat_layout(fmt: LogFormat) -> data.StructLayout:
    """Return the layout of a beat: ``operation``, a `LiveOperation`, and ``code``, signed."""
    return data.StructLayout({"operation": LiveOperation, "code": signed(fmt.code_bits)})


def live_result_layout(fmt: LogFormat, codes: int) -> data.StructLayout:
    """Return the layout of a result.

    ``code``: the log sum, signed. ``status``: `ResultStatus` flags. ``count`` and ``zeros``: number
    of finite codes and of logs of zero in the state, up to `codes` each.
    """
    return data.StructLayout(
        {
            "code": signed(fmt.code_bits),
            "status": unsigned(8),
            "count": unsigned(codes.bit_length()),
            "zeros": unsigned(codes.bit_length()),
        }
    )
