"""What a session and the jobs it runs say to each other."""

from amaranth.hdl import unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["STATUS_BITS", "job_port", "result_word_layout"]

STATUS_BITS = 3
"""Width of a `link_map.FrameStatus`."""


def result_word_layout() -> data.StructLayout:
    """Return the layout of a result word; ``last`` marks a result's last, its status word."""
    return data.StructLayout({"word": 32, "last": 1})


def job_port() -> wiring.Signature:
    """Return the signature of a job as the session sees it.

    ``clear``: a message begins; whatever is left of another is forgotten. ``posterior``: the job
    is POSTERIOR, not REDUCE; stable between two `clear`. ``i``: stream of the message's words
    without its CRC. ``o``: stream of result words. ``status``: OK, or why the job takes no more
    words of this message; set by the cycle after the word at fault was taken. ``complete``: no
    record is unfinished, so the message may end here. ``pending``: results of finished records are
    still to come; set in the cycle after the word that finishes a record was taken. ``code``:
    strobe, an evidence code was taken.
    """
    return wiring.Signature(
        {
            "clear": Out(1),
            "posterior": Out(1),
            "i": Out(stream.Signature(unsigned(32))),
            "o": In(stream.Signature(result_word_layout())),
            "status": In(STATUS_BITS),
            "complete": In(1),
            "pending": In(1),
            "code": In(1),
        }
    )
