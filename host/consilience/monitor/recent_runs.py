"""Runs that have ended, of which only so many are remembered: memory that does not grow."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from consilience.errors import ImpossibleState
from consilience.monitor.agent_index import AgentId
from consilience.monitor.ended_runs import EndedRuns

__all__ = ["RecentRuns"]

_LENGTH = struct.Struct("<Q")


class RecentRuns:
    """The runs that ended last: at least half as many as `most`, at most all of these.

    In two halves: when the younger one is full, the older one is forgotten. A run that was
    forgotten cannot be told from a new one.

    Parameters
    ----------
    key : int
        See `EndedRuns`.
    most : int
        Runs that are remembered, 2 or more; about 50 bytes each.
    """

    def __init__(self, key: int, most: int) -> None:
        self._secret, self._half = key, max(1, most // 2)
        self._older = EndedRuns(key)
        self._younger = EndedRuns(key)
        self._hashes = EndedRuns(key)
        """Empty: it keeps the beginnings of hashes."""

    @classmethod
    def of_halves(cls, data: bytes, key: int, most: int) -> "RecentRuns":
        """Return the runs of their bytes; the key is not in them.

        Raises
        ------
        ImpossibleState
            They are no two halves.
        """
        if len(data) < _LENGTH.size or (length := _LENGTH.unpack_from(data)[0]) > len(data):
            raise ImpossibleState(f"{len(data)} bytes are no runs that have ended")
        made = cls(key, most)
        start = _LENGTH.size
        made._older = EndedRuns.from_bytes(data[start : start + length], key)
        made._younger = EndedRuns.from_bytes(data[start + length :], key)
        return made

    def __bytes__(self) -> bytes:
        """Return the length of the older half u64, and both halves."""
        older = bytes(self._older)
        return _LENGTH.pack(len(older)) + older + bytes(self._younger)

    def __len__(self) -> int:
        """Return the number of runs that are remembered."""
        return len(self._older) + len(self._younger)

    def end(self, agent: AgentId, run: AgentId, score: int) -> None:
        """Note that a run has ended; its score is that of the first time."""
        if self.score(agent, run) is not None:
            return
        if len(self._younger) >= self._half:
            self._older, self._younger = self._younger, EndedRuns(self._secret)
        self._younger.end(agent, run, score)

    def score(self, agent: AgentId, run: AgentId) -> int | None:
        """Return the score of a run; None if it has not ended, or was forgotten."""
        found = self._younger.score(agent, run)
        return self._older.score(agent, run) if found is None else found

    def names(self, agents: Sequence[AgentId], runs: Sequence[AgentId]) -> NDArray[np.int64]:
        """Return the hash of each run, i64."""
        return self._hashes.names(agents, runs)

    def scores(self, names: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which runs have ended, and their scores; 0 of those that have not."""
        younger, scores = self._younger.scores(names)
        if not len(self._older):
            return younger, scores
        older, scores_before = self._older.scores(names)
        return younger | older, np.where(younger, scores, scores_before)

    def end_all(self, names: NDArray[np.int64], scores: NDArray[np.int64]) -> None:
        """Note that runs have ended that had not, each named once."""
        first = 0
        while first < len(names):
            room = self._half - len(self._younger)
            if room <= 0:
                self._older, self._younger = self._younger, EndedRuns(self._secret)
                continue
            part = slice(first, first + room)
            self._younger.end_all(names[part], scores[part])
            first += room
