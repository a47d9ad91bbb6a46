"""The beat of a wide stream of codes."""

from amaranth.hdl import signed, unsigned
from amaranth.lib import data

from ..spec.log_format import LogFormat

__all__ = ["beat_layout"]


def beat_layout(fmt: LogFormat, lanes: int) -> data.StructLayout:
    """Return the layout of a beat: ``codes``, W of them; ``keep``, a bit for each; ``last``."""
    return data.StructLayout(
        {
            "codes": data.ArrayLayout(signed(fmt.code_bits), lanes),
            "keep": unsigned(lanes),
            "last": 1,
        }
    )
