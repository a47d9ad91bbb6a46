"""`RobustHistogram`: the ratios of reporters that may lie, as integer counts of 257 bins."""

import struct
from operator import index
from threading import RLock
from typing import ClassVar, Generic, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput, CapacityExceeded, ImpossibleState
from consilience.numbers.arrays import plain_array
from consilience.numbers.convert import as_codes
from consilience.robust.decision import decide
from consilience.robust.robust_counts import BIN_VALUES, bins_of, robust_sums
from consilience.turns import in_turn
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import CLIP_BIN, MAX_UNIT, RATIO_BINS

__all__ = ["RobustHistogram", "RobustResult", "refuse_too_few"]

Number = TypeVar("Number")

_MAGIC = b"CSRH"
_VERSION = 1
_HEADER = struct.Struct("<4sHII")
_RECORD = np.dtype([("bin", "<i2"), ("count", "<u8")])


class RobustResult(NamedTuple, Generic[Number]):
    """Robust fusion of the ratios of n reporters; see `Device.robust`.

    Integers for ratios of shape (n,). For (n, P) int64 arrays of shape (P,), except `unit` and
    `trimmed_count`.

    Parameters
    ----------
    trimmed_sum, low, high : int or int64 array, shape (P,)
        In units of `unit` ulp, about the binned ratios.
    trimmed_count : int
        n - 2 faulty.
    unit : int
        k, in ulp: clip / 128.
    decision : Decision or int64 array, shape (P,)
        1 above, -1 below, 0 undecided.
    """

    trimmed_sum: Number
    trimmed_count: int
    low: Number
    high: Number
    unit: int
    decision: Number


def refuse_too_few(reporters: int, faulty: int) -> None:
    """Raise BadInput unless so many reporters can tolerate so many faulty ones."""
    if not 0 <= 3 * faulty < reporters:
        raise BadInput(f"{reporters} reporters cannot tolerate {faulty} faulty: n must exceed 3f")


class RobustHistogram:
    """The exact state of one pair of hypotheses: mergeable, retractable, 257 counts.

    Threads may share it: each operation happens as a whole.

    Bin = clamp(sign(x) * ((abs(x) + k // 2) // k), -128, 128); the log of zero is -128.

    Parameters
    ----------
    clip : int
        c = 128 k in ulp (2**-16 bit): a multiple of 128 in 128 .. 2**31.

    Raises
    ------
    BadInput
        Another clip.
    """

    _turns: ClassVar = RLock()
    """Of all histograms: a lock of its own could not be copied with one."""

    def __init__(self, clip: int) -> None:
        if not isinstance(clip, (int, np.integer)) or clip % CLIP_BIN:
            raise BadInput(f"clip must be a multiple of {CLIP_BIN} ulp, not {clip}")
        if not 1 <= clip // CLIP_BIN <= MAX_UNIT:
            raise BadInput(f"clip must be in {CLIP_BIN} .. {CLIP_BIN * MAX_UNIT} ulp, not {clip}")
        self._unit = int(clip) // CLIP_BIN
        self._counts = np.zeros(RATIO_BINS, np.int64)

    @classmethod
    def of(cls, ratios: ArrayLike, clip: int) -> Self:
        """Return the histogram of `ratios`."""
        return cls(clip).add(ratios)

    @classmethod
    def of_counts(cls, counts: ArrayLike, clip: int) -> Self:
        """Return the histogram of the counts of bins -128 .. 128, integers of shape (257,).

        Raises
        ------
        BadInput
            Another shape, no integers, or a clip that is none.
        ImpossibleState
            A count below zero.
        CapacityExceeded
            More than 2**32 ratios.
        """
        given = plain_array(counts, "counts")
        if given.shape != (RATIO_BINS,) or given.dtype.kind not in "iu":
            raise BadInput(f"counts must be {RATIO_BINS} integers, not {given.shape} {given.dtype}")
        most = np.minimum(given, Q16_16.capacity + 1)  # what is too much stays so, and fits int64
        return cls(clip)._take(most.astype(np.int64))

    @property
    def unit(self) -> int:
        """The unit k in ulp."""
        return self._unit

    @property
    def count(self) -> int:
        """Number of ratios held, n."""
        return int(self._counts.sum())

    @property
    def sum(self) -> int:
        """Sum of the binned ratios, in units of k ulp."""
        return int(self._counts @ BIN_VALUES)

    @property
    def counts(self) -> NDArray[np.int64]:
        """A copy of the counts of bins -128 .. 128, int64 of shape (257,)."""
        return self._counts.copy()

    def add(self, ratios: ArrayLike) -> Self:
        """Add ratios: int32 codes of any shape, one a reporter.

        Raises
        ------
        BadInput
            Not integers of 32 bits.
        CapacityExceeded
            More than 2**32 ratios; the state stays as it was.
        """
        return self._take(self._binned(ratios))

    def remove(self, ratios: ArrayLike) -> Self:
        """Remove ratios that were added before.

        Raises
        ------
        ImpossibleState
            A bin holds fewer than are to be removed; the state stays as it was.
        """
        return self._take(-self._binned(ratios))

    def merge(self, other: "RobustHistogram") -> Self:
        """Add all that another histogram of the same clip holds."""
        if other.unit != self._unit:
            raise BadInput(f"units of {self._unit} and {other.unit} ulp do not mix; use one clip")
        return self._take(other._counts)

    def scan(self, faulty: int, threshold: int = 0) -> RobustResult[int]:
        """Return trimmed sum and count, certified interval and decision; see `Device.robust`."""
        try:
            faulty, threshold = index(faulty), index(threshold)
        except TypeError as error:
            raise BadInput("faulty and threshold must be integers (threshold in ulp)") from error
        n = self.count
        refuse_too_few(n, faulty)
        trimmed, low, high = (int(found) for found in robust_sums(self._counts, faulty))
        decision = decide(low * self._unit, high * self._unit, threshold)
        return RobustResult(trimmed, n - 2 * faulty, low, high, self._unit, decision)

    def __bytes__(self) -> bytes:
        """Return the canonical bytes, little-endian: one multiset of bins, one byte string.

        Magic (4 bytes), version u16, format id u32, unit u32; then the bins that are not empty,
        ascending: bin i16, count u64.
        """
        used = np.flatnonzero(self._counts)
        records = np.zeros(len(used), _RECORD)
        records["bin"], records["count"] = used - CLIP_BIN, self._counts[used]
        header = _HEADER.pack(_MAGIC, _VERSION, Q16_16.identifier, self._unit)
        return header + records.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the histogram of its bytes.

        Raises
        ------
        ImpossibleState
            Another kind, version, format or unit; bins unsorted, empty or out of range; bytes
            missing or left over.
        """
        data = bytes(memoryview(data))
        if len(data) < _HEADER.size or (len(data) - _HEADER.size) % _RECORD.itemsize:
            raise ImpossibleState(f"{len(data)} bytes are no whole histogram")
        magic, version, identifier, unit = _HEADER.unpack_from(data)
        if (magic, version, identifier) != (_MAGIC, _VERSION, Q16_16.identifier):
            raise ImpossibleState("the bytes are no histogram of this version and number format")
        if not 1 <= unit <= MAX_UNIT:
            raise ImpossibleState(f"no histogram has a unit of {unit} ulp; it is damaged")
        records = np.frombuffer(data, _RECORD, offset=_HEADER.size)
        places = records["bin"].astype(np.int64) + CLIP_BIN
        counts = records["count"]
        if (places[1:] <= places[:-1]).any() or (counts == 0).any():
            raise ImpossibleState("bins are unsorted or empty; the bytes are damaged")
        if len(places) and (places[0] < 0 or places[-1] >= RATIO_BINS):
            raise ImpossibleState("bins outside -128 .. 128; the bytes are damaged")
        if (counts > Q16_16.capacity).any() or counts.sum() > Q16_16.capacity:
            raise ImpossibleState(f"more than {Q16_16.capacity} ratios; the bytes are damaged")
        state = cls(unit * CLIP_BIN)
        state._counts[places] = counts
        return state

    def _binned(self, ratios: ArrayLike) -> NDArray[np.int64]:
        codes = as_codes(ratios, "ratios").reshape(-1).astype(np.int64)
        return np.bincount(bins_of(codes, self._unit), minlength=RATIO_BINS)

    @in_turn
    def _take(self, more: NDArray[np.int64]) -> Self:
        """Change the counts, unless one would go below zero or the sum above the capacity."""
        counts = self._counts + more
        if (counts < 0).any():
            place = int((counts < 0).argmax()) - CLIP_BIN
            raise ImpossibleState(f"bin {place} does not hold what is to be removed")
        if (counts > Q16_16.capacity).any() or counts.sum() > Q16_16.capacity:
            raise CapacityExceeded(f"more than {Q16_16.capacity} ratios in one histogram")
        self._counts = counts
        return self
