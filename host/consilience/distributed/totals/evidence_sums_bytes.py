"""The canonical bytes of sums of evidence: one multiset of rows, one byte string.

Little-endian: magic ``CNES``, version u16, format id u32, type of ids u8 (place in `ID_TYPES`; 0
without agents), hypotheses u8, agents u64; each hypothesis' name (u32 bytes, UTF-8); the agents
ascending (i64, for type uint64 u64, or u32 bytes and UTF-8); rows of each u64; then row by row, per
hypothesis, rows that said log of zero u64, and the sum as a signed integer of 12 bytes.
"""

import itertools
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.distributed.totals.id_types import ID_TYPES, TEXTS
from consilience.errors import ImpossibleState
from consilience_hw.spec.log_format import Q16_16

__all__ = ["SumsFields", "pack_sums", "unpack_sums"]

MAGIC = b"CNES"
VERSION = 1
_HEADER = struct.Struct("<4sHIBBQ")
_LENGTH = struct.Struct("<I")
_CELL = np.dtype([("zeros", "<u8"), ("low", "<u4"), ("high", "<i8")])


class SumsFields(NamedTuple):
    """Sums by agent; a sum is ``high * 2**32 + low``."""

    hypotheses: tuple[str, ...]
    id_type: str
    """One of `ID_TYPES`; the first without agents."""
    agents: list[int | str]
    rows: NDArray[np.int64]
    """Shape (agents,)."""
    cells: NDArray[np.int64]
    """Logs of zero, high and low parts: shape (3, agents, hypotheses)."""


def pack_sums(fields: SumsFields) -> bytes:
    """Return the bytes of sums whose agents ascend."""
    counts = len(fields.hypotheses), len(fields.agents)
    kind = ID_TYPES.index(fields.id_type)
    head = _HEADER.pack(MAGIC, VERSION, Q16_16.identifier, kind, *counts)
    cells = np.empty(fields.cells.shape[1:], _CELL)
    cells["zeros"], cells["high"], cells["low"] = fields.cells
    if fields.id_type in TEXTS:
        ids = b"".join(_text(str(agent)) for agent in fields.agents)
    else:
        ids = np.array(fields.agents, _id_word(fields.id_type)).tobytes()
    names = b"".join(_text(name) for name in fields.hypotheses)
    return head + names + ids + fields.rows.astype("<u8").tobytes() + cells.tobytes()


def unpack_sums(data: bytes) -> SumsFields:
    """Return the fields of the bytes of sums.

    Raises
    ------
    ImpossibleState
        Another magic, version or format; agents not ascending; more rows than an agent can have;
        more logs of zero than rows, or a sum that its rows cannot reach; bytes missing or left
        over.
    """
    try:
        return _unpack(data)
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, ImpossibleState):
            raise
        raise ImpossibleState(f"the bytes are no sums of evidence ({error})") from None


def _unpack(data: bytes) -> SumsFields:
    magic, version, identifier, kind, hypotheses, agents = _HEADER.unpack_from(data)
    ours = MAGIC, VERSION, Q16_16.identifier
    if (magic, version, identifier) != ours or kind >= (len(ID_TYPES) if agents else 1):
        raise ImpossibleState("the bytes are sums of another kind, version or number format")
    id_type = ID_TYPES[kind]
    if agents > len(data):
        raise ImpossibleState(f"{len(data)} bytes are no sums of {agents} agents; some are missing")
    place = _HEADER.size
    names, place = _texts(data, place, hypotheses)
    ids: list[int | str] = []
    if id_type in TEXTS:
        texts, place = _texts(data, place, agents)
        ids += texts
    else:
        ids += np.frombuffer(data, _id_word(id_type), agents, place).tolist()
        place += 8 * agents
        np.array(ids, id_type)  # OverflowError for an id that is none of its type
    if any(a >= b for a, b in itertools.pairwise(ids)):  # type: ignore[operator]
        raise ImpossibleState("the agents of the sums do not ascend; the bytes are damaged")
    rows = np.frombuffer(data, "<u8", agents, place)
    place += 8 * agents
    if len(data) != place + agents * hypotheses * _CELL.itemsize:
        raise ImpossibleState(f"{len(data)} bytes are no whole sums; some are missing or left over")
    cells = np.frombuffer(data, _CELL, offset=place).reshape(agents, hypotheses)
    if (
        (rows == 0).any()
        or (rows > Q16_16.capacity).any()
        or (cells["zeros"] > rows[:, None]).any()
    ):
        raise ImpossibleState("the sums have counts of no multiset of rows; they are damaged")
    # A row adds at most 2**31 * 2**16 in magnitude, which is 2**15 units of the high part.
    reach = (rows.astype(np.int64)[:, None] - cells["zeros"].astype(np.int64)) << 15
    if ((cells["high"] > reach) | (cells["high"] < -reach)).any():
        raise ImpossibleState("a sum is beyond what its rows can reach; the bytes are damaged")
    parts = np.stack([cells[name].astype(np.int64) for name in ("zeros", "high", "low")])
    return SumsFields(tuple(names), id_type, ids, rows.astype(np.int64), parts)


def _id_word(id_type: str) -> str:
    return "<u8" if id_type == "uint64" else "<i8"


def _text(text: str) -> bytes:
    data = text.encode()
    return _LENGTH.pack(len(data)) + data


def _texts(data: bytes, place: int, count: int) -> tuple[list[str], int]:
    texts = []
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(data, place)
        place += _LENGTH.size
        if place + length > len(data):
            raise ImpossibleState("the bytes of the sums end within a name")
        texts.append(data[place : place + length].decode())
        place += length
    return texts, place
