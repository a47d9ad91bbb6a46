"""Histories of agents: the runs that counted, kept in memory for a moment, then in the database."""

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from consilience.monitor.agent_index import AgentId
from consilience.monitor.row_columns import Judged
from consilience.service.store.database import Database, key_of

__all__ = ["Points"]

_BIT = 65536
_LOG_OF_ZERO = -(1 << 31)
_PACK, _UNPACK = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder()

Chunk = tuple[str, int, int, bytes]


class _Waiting(NamedTuple):
    position: int
    at_ms: int
    judged: Judged
    removed: list[int | str]


class Points:
    """Runs by agent, the newest last.

    Parameters
    ----------
    database : Database
    kept : int
        Runs of an agent that are kept, or some more.
    """

    def __init__(self, database: Database, kept: int) -> None:
        self._database, self._kept = database, kept
        self._waiting: list[_Waiting] = []
        self._lock, self._writing = Lock(), Lock()
        self.count = 0
        """Runs that wait."""

    def note(
        self, position: int, at_ms: int, judged: Judged, removed: Sequence[int | str] = ()
    ) -> None:
        """Take what a record has brought, unless the database has it; or which agents are gone."""
        if (judged.agents or removed) and position > self._database.history_position:
            with self._lock:
                self._waiting.append(_Waiting(position, at_ms, judged, list(removed)))
                self.count += len(judged.agents)

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            with self._lock:
                waiting = list(self._waiting)
            if not waiting:
                return
            last = waiting[-1].position
            gone = [agent for one in waiting for agent in one.removed]
            self._database.write_points(last, list(_chunks(waiting, last)), gone)
            with self._lock:
                del self._waiting[: len(waiting)]
                self.count = sum(len(one.judged.agents) for one in self._waiting)

    def compact(self) -> None:
        """Remove what is older than what is kept."""
        self._database.forget_points(self._kept)

    def of(self, agent: int | str) -> list[dict[str, Any]]:
        """Return the last runs of an agent, in their order, as the API gives them."""
        with self._writing:  # else a chunk could be in both, or in none
            bodies = self._database.points(agent, self._kept)
            with self._lock:
                waiting = list(self._waiting)
        found = [point for body in bodies for point in zip(*_UNPACK.decode(body), strict=True)]
        for one in waiting:
            if any(gone == agent and type(gone) is type(agent) for gone in one.removed):
                found.clear()
            for place, name in enumerate(one.judged.agents):
                if name == agent and type(name) is type(agent):
                    found.append((one.at_ms, *_point(one.judged, place)))
        names = "at_ms", "run", "statistic_bits", "score"
        return [dict(zip(names, one, strict=True)) for one in found[-self._kept :]]


def _chunks(waiting: list[_Waiting], number: int) -> Iterator[Chunk]:
    """Yield the rows of the table: for each agent its runs, column by column."""
    agents: dict[AgentId, tuple[list[Any], list[Any], list[Any], list[Any]]] = {}
    for one in waiting:
        judged, at_ms = one.judged, one.at_ms
        for gone in one.removed:
            agents.pop(gone, None)
        for place, agent in enumerate(judged.agents):
            found = agents.get(agent)
            if found is None:
                found = agents[agent] = [], [], [], []
            run, bits, score = _point(judged, place)
            found[0].append(at_ms)
            found[1].append(run)
            found[2].append(bits)
            found[3].append(score)
    for agent, columns in agents.items():
        assert not isinstance(agent, bytes)
        yield key_of(agent) or "", number, len(columns[0]), _PACK.encode(columns)


def _point(judged: Judged, place: int) -> tuple[AgentId, float | None, float | None]:
    code = judged.statistics[place]
    bits = None if code is None or code == _LOG_OF_ZERO else round(code / _BIT, 4)
    return judged.runs[place], bits, judged.scores[place] / _BIT
