"""The canonical bytes of a state: one multiset, one byte string.

Little-endian: magic (4 bytes), version u16, format id u32, P u8, B u8, D u8, count of finite codes
u64, count of logs of zero u64; then every bin that is not empty, ascending: index i16, terms u64,
sum as an unsigned integer of ``cell_bits`` bits (B + 32, 5 bytes for Q16.16).
"""

import struct
from typing import NamedTuple

import numpy as np

from consilience.errors import ImpossibleState
from consilience.exact.bins import Bins
from consilience_hw.spec.log_format import LogFormat

__all__ = ["Held", "pack_state", "unpack_state"]

VERSION = 1
_HEADER = struct.Struct("<4sHIBBBQQ")


class Held(NamedTuple):
    """What a state holds, and its bytes say: finite codes, logs of zero, and the bins."""

    finite: int
    zeros: int
    bins: Bins


def _record(fmt: LogFormat) -> np.dtype[np.void]:
    return np.dtype([("index", "<i2"), ("terms", "<u8"), ("sum", "u1", (fmt.cell_bits // 8,))])


def pack_state(magic: bytes, held: Held) -> bytes:
    """Return the bytes of a state."""
    bins = held.bins
    fmt = bins.fmt
    used = np.flatnonzero((bins.sums != 0) | (bins.terms != 0))
    records = np.zeros(len(used), _record(fmt))
    records["index"] = used + bins.first
    records["terms"] = bins.terms[used]
    records["sum"] = (
        bins.sums[used].astype("<u8").view("u1").reshape(-1, 8)[:, : fmt.cell_bits // 8]
    )
    header = _HEADER.pack(
        magic,
        VERSION,
        fmt.identifier,
        fmt.mantissa_bits,
        fmt.bin_width,
        fmt.window_bins,
        held.finite,
        held.zeros,
    )
    return header + records.tobytes()


def unpack_state(magic: bytes, data: bytes, fmt: LogFormat, *, windowed: bool) -> Held:
    """Return the fields of a state's bytes.

    Raises
    ------
    ImpossibleState
        Another magic, version or format; bins unsorted, empty or impossible; bytes missing or left
        over.
    """
    data = bytes(memoryview(data))  # of a number, bytes() would make that many zeros
    if len(data) < _HEADER.size:
        raise ImpossibleState(f"{len(data)} bytes are no state; its header has {_HEADER.size}")
    found, version, identifier, *constants, count, zeros = _HEADER.unpack_from(data)
    if found != magic:
        raise ImpossibleState(
            f"the bytes begin with {found!r}, not {magic!r}: another kind of state"
        )
    if version != VERSION:
        raise ImpossibleState(f"the state has version {version}, this software reads {VERSION}")
    expected = [fmt.mantissa_bits, fmt.bin_width, fmt.window_bins]
    if identifier != fmt.identifier or constants != expected:
        raise ImpossibleState(
            f"the state is of format {identifier:#010x} with P, B, D = {constants}, not {fmt} "
            f"({fmt.identifier:#010x}, {expected}); states of different formats do not mix"
        )
    record = _record(fmt)
    if (len(data) - _HEADER.size) % record.itemsize:
        raise ImpossibleState(
            f"{len(data)} bytes are no whole state; some are missing or left over"
        )
    records = np.frombuffer(data, record, offset=_HEADER.size)
    index = records["index"].astype(np.int64)
    wide = np.zeros((len(records), 8), np.uint8)
    wide[:, : fmt.cell_bits // 8] = records["sum"]
    values = wide.view("<u8").reshape(-1).astype(np.uint64)
    if (np.diff(index) <= 0).any():
        raise ImpossibleState("the state's bins are not in ascending order; the bytes are damaged")
    if ((values == 0) & (records["terms"] == 0)).any():
        raise ImpossibleState("the state lists an empty bin; the bytes are damaged")
    if len(index) and (index[0] < fmt.min_top - fmt.parts + 1 or index[-1] > fmt.max_top):
        raise ImpossibleState(f"the state has bins that no code of {fmt} reaches; it is damaged")
    if count > fmt.capacity or (records["terms"] > fmt.capacity).any():
        raise ImpossibleState(f"the state holds more than {fmt.capacity} codes; it is damaged")
    if not len(index):
        return Held(count, zeros, Bins.empty(fmt))
    first = int(index[0])
    sums = np.zeros(int(index[-1]) - first + 1, np.uint64)
    terms = np.zeros_like(sums)
    sums[index - first] = values
    terms[index - first] = records["terms"]
    if first + len(sums) <= fmt.min_top or (terms[: max(0, fmt.min_top - first)] != 0).any():
        raise ImpossibleState(f"the state has terms below the lowest code of {fmt}; it is damaged")
    bins = Bins(fmt, first, sums, terms)
    bins.check(windowed=windowed)
    top = bins.top
    if windowed and top is not None and first < top - fmt.window_bins:
        raise ImpossibleState("the state has bins below its window; the bytes are damaged")
    return Held(count, zeros, bins)
