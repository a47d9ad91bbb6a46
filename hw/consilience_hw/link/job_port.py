"""The interface between a session and the jobs that it runs."""

from amaranth.hdl import unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..spec.link_map import FrameType

__all__ = ["STATUS_BITS", "job_port", "result_word_layout"]

STATUS_BITS = 3
"""Width of a `link_map.FrameStatus`."""


def result_word_layout() -> data.StructLayout:
    """Return the layout of a result word; ``last`` marks the last of a result, its status word."""
    return data.StructLayout({"word": 32, "last": 1})


def job_port(units: tuple[FrameType, ...] = ()) -> wiring.Signature:
    """Return the signature of a job as the session sees it.

    With units beside the log sum there is a member more for each, by the name of its message in
    lower case: as ``posterior``.

    ``clear``: a message begins; the rest of an earlier one is dropped. ``posterior``: the job is
    POSTERIOR, not REDUCE; stable between two `clear`. ``i``: stream of the words of the message
    without its CRC. ``o``: stream of result words. ``status``: OK, or the reason why the job takes
    no more words of this message; set no later than the cycle after the wrong word was taken.
    ``complete``: no record is unfinished, so the message may end here. ``pending``: results of
    finished records are still to come; set in the cycle after the last word of a record was taken.
    ``code``: strobe, an evidence code was taken.
    """
    return wiring.Signature(
        {
            "clear": Out(1),
            "posterior": Out(1),
            **{unit.name.lower(): Out(1) for unit in units},
            "i": Out(stream.Signature(unsigned(32))),
            "o": In(stream.Signature(result_word_layout())),
            "status": In(STATUS_BITS),
            "complete": In(1),
            "pending": In(1),
            "code": In(1),
        }
    )
