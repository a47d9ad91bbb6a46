"""Integer ids numbered in order of arrival, in a compiled table."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.kernels.monitor_kernels import enter_each, join_each
from consilience.kernels.row_kernels import read_integers

__all__ = ["IntegerIds", "integers_of"]

_LEAST_SLOTS = 1 << 10


class IntegerIds:
    """Numbers the distinct ones among integers of 64 bits: int64, or uint64 by their bits."""

    def __init__(self) -> None:
        self._table = _table(_LEAST_SLOTS)
        self._keys = np.empty(_LEAST_SLOTS, np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def keys(self) -> NDArray[np.int64]:
        """The ids in order of arrival."""
        return self._keys[: self._count]

    def add(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of each id; new ones get the next numbers."""
        most = self._count + len(keys)
        if 2 * most > len(self._table):
            wider = _table(1 << (2 * most).bit_length())
            enter_each(self._table, self._count, wider)
            self._table = wider
        numbers = np.empty(len(keys), np.int32)
        before = self._count
        self._count = join_each(keys, self._table, before, True, numbers)
        if self._count > len(self._keys):
            self._keys = np.resize(self._keys, 2 * self._count)
        if self._count > before:
            new = numbers >= before
            self._keys[numbers[new]] = keys[new]
        return numbers.astype(np.int64)


def integers_of(texts: pa.Array) -> NDArray[np.int64] | None:
    """Return texts that are all integers as Python writes them; None if one is not, or is long."""
    if not pa.types.is_string(texts.type):
        return None
    _, ends, data = texts.buffers()
    integers = np.empty(len(texts), np.int64)
    places = np.frombuffer(ends, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    characters = np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8)
    return integers if read_integers(characters, places, integers) else None


def _table(slots: int) -> NDArray[np.int64]:
    return np.full((slots, 2), -1, np.int64)
