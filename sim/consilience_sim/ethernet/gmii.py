"""Frames as the symbols of GMII, and back: written from IEEE 802.3, not from the gateware."""

import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["ERROR", "VALID", "BadFrame", "Symbols", "frame_of", "symbols_of", "with_fcs"]

VALID, ERROR = 0x100, 0x200
"""Bits of a symbol, above its byte."""

Symbols = npt.NDArray[np.uint16]

_PREAMBLE = b"\x55" * 7 + b"\xd5"
_SMALLEST = 60
_GAP = 12


class BadFrame(ValueError):
    """What a device sent is no frame of IEEE 802.3; the message says why."""


def with_fcs(frame: bytes, *, pad: bool = True) -> bytes:
    """Return a frame with its frame check sequence, first padded to 60 bytes unless told."""
    whole = frame.ljust(_SMALLEST, b"\0") if pad else frame
    return whole + zlib.crc32(whole).to_bytes(4, "little")


def symbols_of(
    frame: bytes, *, preamble: bytes = _PREAMBLE, gap: int = _GAP, errors: Iterable[int] = ()
) -> Symbols:
    """Return preamble, frame and gap.

    Parameters
    ----------
    frame : bytes
        With its frame check sequence.
    preamble : bytes
    gap : int
        Idle symbols after it.
    errors : iterable of int
        Bytes of preamble and frame at which the PHY tells an error.
    """
    symbols = np.zeros(len(preamble) + len(frame) + gap, np.uint16)
    sent = symbols[: len(preamble) + len(frame)]
    sent[:] = np.frombuffer(preamble + frame, np.uint8)
    sent |= VALID
    for place in errors:
        sent[place] |= ERROR
    return symbols


def frame_of(symbols: Symbols) -> bytes:
    """Return the frame in symbols of a device, without its frame check sequence.

    Raises
    ------
    BadFrame
    """
    if (symbols & ERROR).any():
        raise BadFrame("an error is told in the frame")
    content = symbols.astype(np.uint8).tobytes()
    if content[: len(_PREAMBLE)] != _PREAMBLE:
        raise BadFrame(f"preamble {content[: len(_PREAMBLE)].hex()}")
    frame, check = content[len(_PREAMBLE) : -4], content[-4:]
    if len(frame) < _SMALLEST:
        raise BadFrame(f"{len(frame)} bytes, too short")
    if zlib.crc32(frame).to_bytes(4, "little") != check:
        raise BadFrame("wrong frame check sequence")
    return frame
