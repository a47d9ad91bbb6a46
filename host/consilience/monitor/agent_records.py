"""The states of all agents of a monitor: one record each, in one array."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.monitor_kernels import (
    ARRIVALS,
    HEAD_WORDS,
    HIGHEST,
    MISSING,
    OBSERVATIONS,
    REFUSED,
    SINCE_SCHEDULED,
    STATE_WINDOW,
)
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.monitor_format import AgentFlag, MonitorMode

__all__ = ["AgentRecords", "RecordFields"]

_LINE = 64
_LOW_HALF = (1 << 32) - 1
_BIT_63 = np.int64(-(1 << 63))


class RecordFields(NamedTuple):
    """The fields of records, each an array of shape (agents,), `components` (agents, K).

    Parameters
    ----------
    components : int32
        R_k.
    observations, since_scheduled : int64
        t and m.
    flags : uint8
        `AgentFlag`s.
    highest, window, missing : uint64
        Highest sequence number; bit d - 1: that less d was seen; numbers passed over.
    late, duplicates, refused : uint32
        Observations by what became of them; they stop at 2**32 - 1.
    """

    components: NDArray[np.int32]
    observations: NDArray[np.int64]
    since_scheduled: NDArray[np.int64]
    flags: NDArray[np.uint8]
    highest: NDArray[np.uint64]
    window: NDArray[np.uint64]
    missing: NDArray[np.uint64]
    late: NDArray[np.uint32]
    duplicates: NDArray[np.uint32]
    refused: NDArray[np.uint32]


class AgentRecords:
    """Records by row, in memory that kernels work on; the row after the last is an empty one.

    64 bytes an agent with one or two components, 8 more for every two others.

    Parameters
    ----------
    mode : MonitorMode
    components : int
        K.

    Attributes
    ----------
    states : int64 array, shape (count + 1, words)
    """

    def __init__(self, mode: MonitorMode, components: int) -> None:
        self._components = components
        first = 0 if mode is MonitorMode.ONCE else Q16_16.log_of_zero
        self._start = np.int64((first << 32) | (first & _LOW_HALF))
        self._words = HEAD_WORDS + -(-components // 2)
        self.states = self._empty(1)
        self._room = self.states
        self._reset(self.states)

    def __len__(self) -> int:
        return len(self.states) - 1

    def grow(self, count: int) -> None:
        """Let there be `count` records; new ones are as at the start."""
        before = len(self)
        if count <= before:
            return
        if count + 1 > len(self._room):
            spare = before // 8 if before else 0
            room = self._empty(max(count, before + spare) + 1)
            room[: before + 1] = self.states
            self._room = room
        self.states = self._room[: count + 1]
        self._reset(self.states[before:])

    def keep(self, count: int) -> None:
        """Forget all records but the first `count`."""
        count = min(count, len(self._room) - 1)
        self.states = self._room[: count + 1]
        self._reset(self.states[count:])

    def renew(self, row: int) -> None:
        """Begin the components and t of a record anew."""
        self._renew(self.states[row : row + 1])

    @property
    def fields(self) -> RecordFields:
        """The fields of all records, copied."""
        return self._fields_of(self.states[:-1])

    def fields_of(self, row: int) -> RecordFields:
        """Return the fields of one record, arrays of length 1."""
        return self._fields_of(self.states[row : row + 1])

    def append(self, fields: RecordFields) -> None:
        """Add records with these fields."""
        first, count = len(self), len(fields.observations)
        self.grow(first + count)
        states = self.states[first : first + count]
        pairs = np.zeros((count, 2 * (self._words - HEAD_WORDS)), np.int32)
        pairs[:, : self._components] = fields.components
        states[:, HEAD_WORDS:] = pairs.view(np.int64)
        states[:, OBSERVATIONS] = fields.observations
        states[:, SINCE_SCHEDULED] = fields.since_scheduled
        numbered = (fields.flags & AgentFlag.NUMBERED) != 0
        states[:, HIGHEST] = np.where(numbered, fields.highest.view(np.int64) ^ _BIT_63, 0)
        states[:, STATE_WINDOW] = fields.window.view(np.int64)
        states[:, MISSING] = fields.missing.view(np.int64)
        states[:, ARRIVALS] = _joined(fields.late, fields.duplicates)
        states[:, REFUSED] = _joined(fields.refused, fields.flags)

    def _fields_of(self, states: NDArray[np.int64]) -> RecordFields:
        components = np.ascontiguousarray(states[:, HEAD_WORDS:]).view(np.int32)
        refused, flags = _halves(states[:, REFUSED])
        late, duplicates = _halves(states[:, ARRIVALS])
        numbered = (flags & AgentFlag.NUMBERED) != 0
        return RecordFields(
            components[:, : self._components].copy(),
            states[:, OBSERVATIONS].copy(),
            states[:, SINCE_SCHEDULED].copy(),
            flags.astype(np.uint8),
            np.where(numbered, states[:, HIGHEST] ^ _BIT_63, 0).view(np.uint64),
            states[:, STATE_WINDOW].copy().view(np.uint64),
            states[:, MISSING].copy().view(np.uint64),
            late,
            duplicates,
            refused,
        )

    def _empty(self, rows: int) -> NDArray[np.int64]:
        """Return records that begin with a cache line, whatever was in the memory."""
        size = rows * self._words * 8
        raw = np.empty(size + _LINE, np.uint8)
        skipped = -raw.ctypes.data % _LINE
        return raw[skipped : skipped + size].view(np.int64).reshape(rows, self._words)

    def _reset(self, states: NDArray[np.int64]) -> None:
        states[:] = 0
        self._renew(states)

    def _renew(self, states: NDArray[np.int64]) -> None:
        states[:, OBSERVATIONS] = 0
        states[:, HEAD_WORDS:] = self._start
        if self._components % 2:
            states[:, -1] = self._start & _LOW_HALF


def _halves(words: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    halves = np.ascontiguousarray(words).view(np.uint32)
    return halves[0::2].copy(), halves[1::2].copy()


def _joined(low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.int64]:
    return low.astype(np.int64) | high.astype(np.int64) << 32
