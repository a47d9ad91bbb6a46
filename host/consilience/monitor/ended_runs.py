"""Runs that have ended, by a hash of their names: what is said of one once more counts once."""

import hashlib
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from consilience.errors import ImpossibleState
from consilience.monitor.agent_index import AgentId, AgentIndex, id_bytes

__all__ = ["EndedRuns"]

_ID = struct.Struct("<BI")
_LEAST_ROOM = 1024
_MOST_BEGUN = 1 << 14


class EndedRuns:
    """Which runs have ended, and with which score.

    A run is a keyed hash of 64 bits of the names of agent and run: 24 to 72 bytes each, whatever
    the names are. That any two of 10^7 runs meet has a probability of 3e-6; whether they do does
    not depend on scores.

    Parameters
    ----------
    key : int
        u64; a secret one, so that nobody can choose names that meet.
    """

    def __init__(self, key: int) -> None:
        self._key = key.to_bytes(8, "little")
        self._index = AgentIndex()
        self._scores = np.empty(_LEAST_ROOM, np.int64)
        self._begun: dict[AgentId, hashlib.blake2b] = {}
        """Hashes that have taken the agent."""

    @classmethod
    def from_bytes(cls, data: bytes, key: int) -> "EndedRuns":
        """Return the runs of their canonical bytes; the key is not in them.

        Raises
        ------
        ImpossibleState
            They are no pairs, or do not ascend.
        """
        if len(data) % 16:
            raise ImpossibleState(f"{len(data)} bytes are no runs that have ended")
        pairs = np.frombuffer(data, "<i8").reshape(-1, 2).astype(np.int64)
        if (pairs[1:, 0] <= pairs[:-1, 0]).any():
            raise ImpossibleState("the runs that have ended do not ascend")
        made = cls(key)
        made._index.rows(pairs[:, 0], True)
        made._scores = np.append(pairs[:, 1], np.empty(_LEAST_ROOM, np.int64))
        return made

    def __bytes__(self) -> bytes:
        """Return hash and score of each run, i64 each, ascending."""
        keys = np.array(self._index.ids(), np.int64)
        pairs = np.stack([keys, self._scores[: len(keys)]], axis=1)
        return pairs[np.argsort(keys)].astype("<i8").tobytes()

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self._index)

    def end(self, agent: AgentId, run: AgentId, score: int) -> None:
        """Note that a run has ended; its score is that of the first time."""
        before = len(self._index)
        self._index.rows(self._name(agent, run), True)
        if len(self._index) == before:
            return
        if before == len(self._scores):
            self._scores = np.append(self._scores, np.empty(before, np.int64))
        self._scores[before] = score

    def score(self, agent: AgentId, run: AgentId) -> int | None:
        """Return the score of a run; None if it has not ended."""
        row = int(self._index.rows(self._name(agent, run), False)[0])
        return int(self._scores[row]) if row >= 0 else None

    def names(self, agents: Sequence[AgentId], runs: Sequence[AgentId]) -> NDArray[np.int64]:
        """Return the hash of each run, i64."""
        begun, found = self._begun, list[bytes]()
        for agent, run in zip(agents, runs, strict=True):
            before = begun.get(agent)
            if before is None:
                if len(begun) >= _MOST_BEGUN:
                    begun.clear()
                kind, name = id_bytes(agent)
                before = hashlib.blake2b(
                    _ID.pack(kind, len(name)) + name, digest_size=8, key=self._key
                )
                begun[agent] = before
            whole = before.copy()
            kind, name = id_bytes(run)
            whole.update(_ID.pack(kind, len(name)) + name)
            found.append(whole.digest())
        return np.frombuffer(b"".join(found), "<i8").astype(np.int64)

    def scores(self, names: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which runs have ended, and their scores; 0 of those that have not."""
        rows = self._index.rows(names, False)
        has_ended = rows >= 0
        return has_ended, np.where(has_ended, self._scores[rows], 0)

    def end_all(self, names: NDArray[np.int64], scores: NDArray[np.int64]) -> None:
        """Note that runs have ended that had not, each named once."""
        before = len(self._index)
        self._index.rows(names, True)
        while len(self._index) > len(self._scores):
            self._scores = np.append(self._scores, np.empty(len(self._scores), np.int64))
        self._scores[before : before + len(names)] = scores

    def _name(self, agent: AgentId, run: AgentId) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        named = b"".join(
            _ID.pack(kind, len(name)) + name for kind, name in (id_bytes(agent), id_bytes(run))
        )
        return np.frombuffer(hashlib.blake2b(named, digest_size=8, key=self._key).digest(), "<i8")
