"""Which row of an array belongs to which agent: ids of any kind, in the order that they came in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.kernels.monitor_kernels import enter_each, join_each
from consilience_hw.spec.monitor_format import IdKind

__all__ = ["AgentId", "AgentIndex", "checked_id", "id_bytes", "id_of"]

AgentId = int | str | bytes

_LEAST_SLOTS = 16
_LARGE = 1 << 63
_ID_BYTES = 8
"""Of an integer."""
_PART = 1 << 16
_MOST = (1 << 31) - 1
"""Rows are 32 bits wide: so many records are 128 GB."""


def id_bytes(agent: AgentId) -> tuple[int, bytes]:
    """Return an id as its kind and its bytes: what canonical bytes and chances are made of."""
    if isinstance(agent, str):
        return IdKind.TEXT, agent.encode()
    if isinstance(agent, bytes):
        return IdKind.BYTES, agent
    if agent >= _LARGE:
        return IdKind.UNSIGNED, agent.to_bytes(8, "little")
    return IdKind.SIGNED, agent.to_bytes(8, "little", signed=True)


def checked_id(name: object) -> AgentId:
    """Return an id that can be kept whole; BadInput if it is none."""
    if isinstance(name, str | bytes):
        if name[-1:] in ("\0", b"\0"):
            raise BadInput(f"id {name!r} ends with NUL, which NumPy cuts; rename it")
        if isinstance(name, str):
            try:
                name.encode()
            except UnicodeEncodeError:
                raise BadInput(f"id {name!r} is no text that UTF-8 can write") from None
        return name
    if isinstance(name, bool | np.bool_) or not isinstance(name, int | np.integer):
        raise BadInput(f"id {name!r} must be an integer or text")
    if not -_LARGE <= int(name) < 2 * _LARGE:
        raise BadInput(f"id {name} is wider than 64 bits; give it as text")
    return int(name)


def id_of(kind: int, data: bytes) -> AgentId:
    """Return the id of its kind and bytes; ValueError if none has them."""
    if kind in (IdKind.TEXT, IdKind.BYTES):
        return checked_id(data.decode() if kind == IdKind.TEXT else data)
    if kind in list(IdKind) and len(data) == _ID_BYTES:
        agent = int.from_bytes(data, "little", signed=kind == IdKind.SIGNED)
        if id_bytes(agent) == (kind, data):
            return agent
    raise ValueError(f"no agent id of kind {kind}: {len(data)} bytes, {data[:_ID_BYTES]!r}")


class AgentIndex:
    """Rows 0, 1, 2 .. of agents, by id. Integers are found in a compiled table, text in a dict.

    Parameters
    ----------
    expected : int, optional
        Agents that may come, at most: tables grow faster, and no further than these need.
    """

    def __init__(self, expected: int | None = None) -> None:
        self.expected = expected
        self._tables = {kind: _table(_LEAST_SLOTS) for kind in (IdKind.SIGNED, IdKind.UNSIGNED)}
        self._used = dict.fromkeys(self._tables, 0)
        self._texts: dict[str | bytes, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def rows(self, ids: NDArray[Any], joins: bool) -> NDArray[np.int32]:
        """Return the row of each id; -1 where it is unknown and is not to join.

        Parameters
        ----------
        ids : array, shape (n,), of integers or text
            As `agent_ids` gives them.
        joins : bool
            Unknown ids get the next rows, in their order.
        """
        if ids.dtype.kind in "US":
            return self._text_rows(ids, joins)
        if ids.dtype.kind == "u" and len(ids) and int(ids.max()) >= _LARGE:
            large = ids >= _LARGE
            keys, rows = ids.astype(np.uint64).view(np.int64), np.empty(len(ids), np.int32)
            # Stretch by stretch of one kind: agents join in the order of their rows.
            ends = [*(np.flatnonzero(large[1:] != large[:-1]) + 1).tolist(), len(ids)]
            first = 0
            for end in ends:
                kind = IdKind.UNSIGNED if large[first] else IdKind.SIGNED
                rows[first:end] = self._integer_rows(kind, keys[first:end], joins)
                first = end
            return rows
        return self._integer_rows(IdKind.SIGNED, ids.astype(np.int64, copy=False), joins)

    def named_rows(self, agents: Sequence[AgentId], joins: bool) -> NDArray[np.int32]:
        """Return the row of each of these, whose kinds may differ; as `rows` does."""
        kinds = set(map(type, agents))
        if kinds == {str}:
            return self._rows_of_texts(agents, joins)
        if kinds == {int}:
            keys = np.array(agents)
            if keys.dtype == np.int64:
                return self.rows(keys, joins)
        if joins:
            for one in agents:
                self.join(one)
        return np.array([self.row(one, -1) for one in agents], np.int32)

    def row(self, agent: AgentId, unknown: int | None = None) -> int:
        """Return the row of one agent; of an unknown one `unknown`, or BadInput without it."""
        agent = checked_id(agent)
        if isinstance(agent, str | bytes):
            found = self._texts.get(agent, -1)
        else:
            kind = np.uint64 if agent >= _LARGE else np.int64
            found = int(self.rows(np.array([agent], kind), False)[0])
        if found < 0 and unknown is not None:
            return unknown
        if found < 0:
            raise BadInput(f"agent {agent!r} is unknown to this monitor")
        return found

    def join(self, agent: AgentId) -> None:
        """Give an agent the next row, if it has none."""
        if isinstance(agent, str | bytes):
            if agent not in self._texts:
                self._texts[agent] = self._count
                self._count += 1
        else:
            kind = np.uint64 if agent >= _LARGE else np.int64
            self.rows(np.array([agent], kind), True)

    def keep(self, count: int) -> None:
        """Forget all agents but the first `count`."""
        for kind, table in self._tables.items():
            self._tables[kind] = _table(len(table))
            self._used[kind] = enter_each(table, count, self._tables[kind])
        self._texts = {text: row for text, row in self._texts.items() if row < count}
        self._count = count

    def ids(self) -> list[AgentId]:
        """Return the ids in the order of their rows."""
        found: list[AgentId] = [0] * self._count
        for kind, table in self._tables.items():
            used = table[table[:, 1] >= 0]
            keys = used[:, 0].view(np.uint64) if kind == IdKind.UNSIGNED else used[:, 0]
            for key, row in zip(keys.tolist(), used[:, 1].tolist(), strict=True):
                found[row] = key
        for text, row in self._texts.items():
            found[row] = text
        return found

    def _integer_rows(
        self, kind: IdKind, keys: NDArray[np.int64], joins: bool
    ) -> NDArray[np.int32]:
        rows = np.empty(len(keys), np.int32)
        # In parts: only what is new needs room, and how much that is shows part by part.
        for first in range(0, len(keys), _PART):
            part = slice(first, first + _PART)
            if joins:
                self._make_room(kind, len(keys[part]), len(keys) - first)
            before = self._count
            self._count = join_each(keys[part], self._tables[kind], before, joins, rows[part])
            self._used[kind] += self._count - before
        return rows

    def _make_room(self, kind: IdKind, more: int, coming: int) -> None:
        """Let a table stay at most five eighths full with `more` new ids, of those `coming`."""
        table, used = self._tables[kind], self._used[kind]
        if used + more > _MOST:
            raise BadInput(f"more than {_MOST:,} agents; watch them in several monitors")
        slots = _slots(used + more)
        if slots <= len(table):
            return
        if self.expected is not None:
            slots = max(slots, min(8 * slots, _slots(min(used + coming, self.expected))))
        self._tables[kind] = _table(slots)
        enter_each(table, self._count, self._tables[kind])

    def _text_rows(self, ids: NDArray[Any], joins: bool) -> NDArray[np.int32]:
        return self._rows_of_texts(ids.tolist(), joins)

    def _rows_of_texts(self, ids: Sequence[Any], joins: bool) -> NDArray[np.int32]:
        rows = np.empty(len(ids), np.int32)
        texts = self._texts
        for place, text in enumerate(ids):
            row = texts.get(text, -1)
            if row < 0 and joins:
                checked_id(text)
                row = texts[text] = self._count
                self._count += 1
            rows[place] = row
        return rows


def _table(slots: int) -> NDArray[np.int64]:
    return np.full((slots, 2), -1, np.int64)


def _slots(ids: int) -> int:
    """Return the slots that so many ids need: a power of two."""
    return max(_LEAST_SLOTS, 1 << (-(-8 * ids // 5) - 1).bit_length())
