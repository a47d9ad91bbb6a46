"""Agent ids: one type for all of them, numbered in order of arrival, sorted at the end."""

import itertools
import re
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.evidence.integer_ids import IntegerIds, integers_of
from consilience.evidence.validation import Rows

__all__ = ["AgentIndex", "AgentType", "SortedAgents"]

_INTEGER = re.compile(r"-?[1-9][0-9]*|0")
_DECIMAL = re.compile(
    r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=e))(e[+-]?[0-9]+)?|nan", re.IGNORECASE
)
_LIMIT = 1 << 63
_MOST_DIGITS = 22
"""So many are beyond 64 bits, whatever follows."""


class AgentType(StrEnum):
    """How the ids of a text file are to be taken."""

    AUTO = "auto"
    """Integers if all are, text if none is; a mixture is refused."""
    INTEGER = "integer"
    STRING = "string"


class SortedAgents(NamedTuple):
    """The ids ascending (integers by value, text by code point) and each arrival's place there."""

    ids: pa.Array
    rank: NDArray[np.int64]


class AgentIndex:
    """Numbers the distinct agent ids of a file from 0 in order of arrival.

    Memory grows with the number of agents, not of rows.

    Parameters
    ----------
    column : str
        The column of ids, for messages.
    text : bool
        The source holds ids as text and cannot tell an integer from it.
    kind : AgentType
        How such text is to be taken; a source with types of its own allows only `AUTO`.
    """

    def __init__(self, column: str, *, text: bool, kind: AgentType = AgentType.AUTO) -> None:
        if not text and kind is not AgentType.AUTO:
            raise BadInput("--agent-type is for CSV; Parquet and NPZ hold their own type")
        self._column = column
        self._text = text
        self._kind = kind
        self._expected = kind
        self._type: pa.DataType | None = None
        self._first: tuple[str, int] | None = None
        self._places: dict[str, int] = {}
        self._integers = IntegerIds()
        self._lowest = self._highest = 0

    def __len__(self) -> int:
        return len(self._places) or len(self._integers)

    def ids(self, start: int = 0) -> list[Any]:
        """Return the ids in order of arrival from number `start` on, integers or text."""
        if not self._places:
            known: list[Any] = self._numbered[start:].tolist()
            return known
        ids = itertools.islice(self._places, start, None)
        text_is_integers = self._text and self._expected is AgentType.INTEGER
        return list(map(int, ids)) if text_is_integers else list(ids)

    @property
    def type(self) -> pa.DataType:
        """The type of the ids so far: the file's, but for integers in text int64 or uint64."""
        if self._text and self._expected is AgentType.INTEGER:
            return pa.uint64() if self._highest >= _LIMIT else pa.int64()
        return self._type

    @property
    def _numbered(self) -> NDArray[Any]:
        """The ids so far, as long as all are integers."""
        return self._integers.keys.view(np.uint64 if self.type == pa.uint64() else np.int64)

    def add(self, ids: pa.Array, rows: Rows) -> NDArray[np.int64]:
        """Return the number of each row's agent, shape (rows,).

        Raises
        ------
        BadInput
            An id is missing, empty, of a type other than integer or text, or not of the type
            of the ids before it.
        """
        kind = ids.type
        if pa.types.is_dictionary(kind):
            ids = ids.dictionary_decode()
            kind = ids.type
        if pa.types.is_null(kind) or ids.null_count:
            index = int(pc.index(pc.is_null(ids), True).as_py())
            raise rows.fault(index, self._column, "no agent id; every row needs one")
        if not (
            pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
        ):
            raise BadInput(
                f"{rows.path}: column {self._column!r} holds {kind}; agent ids are integers or "
                "text, convert the column"
            )
        self._type = kind
        keys = self._keys_of(ids, rows)
        return self._add_texts(ids, rows) if keys is None else self._integers.add(keys)

    def _keys_of(self, ids: pa.Array, rows: Rows) -> NDArray[np.int64] | None:
        """Return ids as 64 bits if all so far are integers, which may be written as text."""
        if pa.types.is_integer(ids.type):
            wide = np.uint64 if ids.type == pa.uint64() else np.int64
            integers = ids.to_numpy(zero_copy_only=False).astype(wide, copy=False)
            return np.asarray(integers).view(np.int64)
        if self._places or not self._text or self._kind is AgentType.STRING or not len(ids):
            return None
        if self._expected is AgentType.STRING or (keys := integers_of(ids)) is None:
            return None
        if self._expected is AgentType.AUTO:
            self._expected, self._first = AgentType.INTEGER, (str(keys[0]), rows.first)
        self._lowest = min(self._lowest, int(keys.min()))
        self._highest = max(self._highest, int(keys.max()))
        return keys

    def _add_texts(self, ids: pa.Array, rows: Rows) -> NDArray[np.int64]:
        if not self._places:  # all before were integers
            self._places = {str(one): number for number, one in enumerate(self.ids())}
        encoded = ids.dictionary_encode()
        places = self._places
        numbers = np.empty(len(encoded.dictionary), np.int64)
        try:
            distinct = encoded.dictionary.to_pylist()
        except UnicodeDecodeError:
            raise self._not_utf8(ids, rows) from None
        for position, agent in enumerate(distinct):
            if agent not in places:
                if isinstance(agent, str):
                    self._check_text(agent, encoded, position, rows)
                places[agent] = len(places)
            numbers[position] = places[agent]
        arrivals: NDArray[np.int64] = numbers[encoded.indices.to_numpy(zero_copy_only=False)]
        return arrivals

    def _not_utf8(self, ids: pa.Array, rows: Rows) -> BadInput:
        texts = ids.cast(pa.binary()).to_pylist()
        wrong = (agent.decode(errors="ignore").encode() != agent for agent in texts)
        index = list(wrong).index(True)
        cause = f"agent id {texts[index]!r} is not UTF-8; write it as such"
        return rows.fault(index, self._column, cause)

    def sorted(self) -> SortedAgents:
        """Return all ids in ascending order and the place of each agent number in it."""
        if not self._places:
            keys = self._numbered
            place_of = np.argsort(keys)
            rank = np.empty(len(keys), np.int64)
            rank[place_of] = np.arange(len(keys))
            return SortedAgents(pa.array(keys[place_of]).cast(self.type), rank)
        ids = self.ids()
        order = sorted(range(len(ids)), key=ids.__getitem__)
        rank = np.empty(len(ids), np.int64)
        rank[order] = np.arange(len(ids))
        return SortedAgents(pa.array([ids[place] for place in order], type=self.type), rank)

    def _check_text(
        self, agent: str, encoded: pa.DictionaryArray, position: int, rows: Rows
    ) -> None:
        """Refuse an id that is not what the ids before it are."""

        def fault(message: str) -> BadInput:
            index = int(pc.index(encoded.indices, position).as_py())
            return rows.fault(index, self._column, message)

        if agent == "":
            raise fault("no agent id; every row needs one")
        if not self._text or self._kind is AgentType.STRING:
            return
        cure = "pass --agent-type string to take all ids as text"
        if _INTEGER.fullmatch(agent):
            kind = AgentType.INTEGER
            number = int(agent[:_MOST_DIGITS])  # Python refuses to read thousands of digits
            self._lowest, self._highest = min(self._lowest, number), max(self._highest, number)
            above = _LIMIT if self._lowest < 0 else 2 * _LIMIT
            if self._lowest < -_LIMIT or self._highest >= above:
                together = (
                    " together with those before it" if -_LIMIT <= number < 2 * _LIMIT else ""
                )
                shown = agent[:_MOST_DIGITS]
                raise fault(f"agent id {shown} is wider than 64 bits{together}; {cure}")
        elif _DECIMAL.fullmatch(agent):
            raise fault(f"agent id {agent!r} is a decimal number, not an integer; {cure}")
        else:
            kind = AgentType.STRING
        if self._expected is AgentType.AUTO:
            self._expected = kind
            self._first = (agent, int(pc.index(encoded.indices, position).as_py()) + rows.first)
        elif kind is not self._expected:
            before = f" as in row {self._first[1]} ({self._first[0]})" if self._first else ""
            raise fault(
                f"agent id {agent!r} is not {_KIND_NAMES[self._expected]}{before}; ids are all "
                f"of one type: correct it, or {cure}"
            )


_KIND_NAMES = {AgentType.INTEGER: "an integer", AgentType.STRING: "text"}
