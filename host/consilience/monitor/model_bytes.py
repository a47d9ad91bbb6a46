"""The canonical bytes of a model's increments: its codes, certified again when they are read.

Little-endian: magic ``CNMI``, version u16, format id u32, contexts u32, symbols u32, UNSEEN u32,
end u32; c0, then c1, i32 of each context and symbol, row by row.
"""

import struct

import numpy as np

from consilience.errors import ImpossibleState
from consilience.numbers.arrays import Codes
from consilience_hw.spec.log_format import Q16_16

__all__ = ["MODEL_MAGIC", "pack_model", "unpack_model"]

MODEL_MAGIC = b"CNMI"
VERSION = 1
_HEADER = struct.Struct("<4sHIIIII")


def pack_model(below: Codes, above: Codes, unseen: int, end: int) -> bytes:
    """Return the bytes of codes c0 and c1, (contexts, symbols)."""
    head = _HEADER.pack(MODEL_MAGIC, VERSION, Q16_16.identifier, *below.shape, unseen, end)
    return head + below.astype("<i4").tobytes() + above.astype("<i4").tobytes()


def unpack_model(data: bytes) -> tuple[Codes, Codes, int, int]:
    """Return c0, c1, UNSEEN and end of bytes; nothing is certified yet.

    Raises
    ------
    ImpossibleState
        Another magic, version or format; columns that are none; codes of no probabilities; bytes
        missing or left over.
    """
    if len(data) < _HEADER.size:
        raise ImpossibleState("the bytes of the model end too early")
    magic, version, identifier, contexts, symbols, unseen, end = _HEADER.unpack_from(data)
    if (magic, version, identifier) != (MODEL_MAGIC, VERSION, Q16_16.identifier):
        raise ImpossibleState("the bytes are a model of another kind, version or number format")
    if not contexts or unseen == end or max(unseen, end) >= symbols:
        raise ImpossibleState("UNSEEN and the end of the model are no two of its columns")
    if len(data) != _HEADER.size + 8 * contexts * symbols:
        raise ImpossibleState(f"{len(data)} bytes are no whole model; some missing or left over")
    codes = np.frombuffer(data, "<i4", offset=_HEADER.size).reshape(2, contexts, symbols)
    below, above = codes.astype(np.int32)
    if (codes > 0).any() or (below == Q16_16.log_of_zero).any():
        raise ImpossibleState("codes of the model that no probabilities have")
    return below, above, unseen, end
