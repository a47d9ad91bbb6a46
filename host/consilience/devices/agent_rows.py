"""Rows of evidence by agent: the ids, and where each agent's rows lie."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.kernels.compiling import compiled
from consilience.numbers.arrays import Offsets, plain_array, unsigned_array

__all__ = ["AgentRows", "DensePlaces", "agent_ids", "dense_places", "rows_by_agent"]

_PLACES_PER_ROW = 4
"""Ids within a range of so many values per row are counted, not compared: 8 bytes a value."""


class AgentRows(NamedTuple):
    """Where the rows of each agent are.

    Parameters
    ----------
    order : int64 array, shape (N,), or None
        Row numbers by agent, an agent's own in their order. None: the rows lie so already.
    ids : array, shape (A,)
        The agents, ascending.
    offsets : int64 array, shape (A + 1,)
        Agent k has ``order[offsets[k]:offsets[k + 1]]``.
    """

    order: NDArray[np.int64] | None
    ids: NDArray[Any]
    offsets: Offsets


class DensePlaces(NamedTuple):
    """Integer ids of which there may be as many as rows, no more.

    Parameters
    ----------
    of_rows : int64 array, shape (N,)
        How far each row's id is above the lowest one.
    lowest : int
    agents : int
        Ids from the lowest to the highest.
    """

    of_rows: NDArray[np.int64]
    lowest: int
    agents: int


def dense_places(ids: NDArray[Any]) -> DensePlaces | None:
    """Return where a record of each agent lies if there is one for every id; None: too many."""
    if not len(ids) or ids.dtype.kind not in "iu":
        return None
    lowest, highest = int(ids.min()), int(ids.max())
    if highest - lowest >= len(ids) or highest > np.iinfo(np.int64).max:
        return None
    places = np.ascontiguousarray(ids, np.int64)
    return DensePlaces(places - lowest if lowest else places, lowest, highest - lowest + 1)


def agent_ids(agent: ArrayLike) -> NDArray[Any]:
    """Return agent ids as an array; BadInput unless they are all integers or all text.

    Ids are kept whole or refused. NumPy makes text of what stands beside text, so that 1 and "1"
    would be one agent, and cuts trailing NULs, so that "a" and "a\\0" would be.
    """
    ids = plain_array(agent, "agent")
    if ids.dtype.kind == "O" and ids.ndim == 1:  # text of pandas, or ids of mixed types
        agent = list(ids)
        ids = np.asarray(agent) if len({type(one) for one in agent}) == 1 else ids
    if ids.dtype.kind in "fO" and not isinstance(agent, np.ndarray):
        ids = _unsigned(agent, ids)
    if ids.dtype.kind not in "iuUS" and ids.size:
        raise BadInput(f"agent ids must be integers or text, not {ids.dtype}")
    if ids.dtype.kind in "US" and not isinstance(agent, np.ndarray):
        for one in np.asarray(agent, dtype=object).flat:
            if not isinstance(one, str | bytes):
                raise BadInput(
                    f"agent ids must be all integers or all text, but {one!r} is no text"
                )
            if isinstance(one, bytes) == (ids.dtype.kind == "U"):
                raise BadInput(f"agent ids must be all str or all bytes, but {one!r} is bytes")
            if one[-1:] in ("\0", b"\0"):
                raise BadInput(f"agent id {one!r} ends with NUL, which NumPy cuts; rename it")
    return ids


def _unsigned(agent: ArrayLike, ids: NDArray[Any]) -> NDArray[Any]:
    """Return integers as uint64 if one is too large for int64: NumPy makes floats of them."""
    try:
        found = unsigned_array(agent)
    except OverflowError:
        given = np.asarray(agent, dtype=object)
        raise BadInput(
            f"agent ids from {given.min()} to {given.max()} are wider than 64 bits together; give "
            "them as text"
        ) from None
    return ids if found is None else found


def rows_by_agent(ids: NDArray[Any]) -> AgentRows:
    """Return where the rows of each agent are, given the agent of each row, shape (N,).

    Nothing is sorted where ids ascend already, and integers of a small range are only counted:
    10^6 agents of 3 rows in any order take a tenth of the time of a sort.
    """
    if not len(ids) or (ids[1:] >= ids[:-1]).all():
        return _already_grouped(ids, None)
    if ids.dtype.kind in "iu":
        lowest, highest = int(ids.min()), int(ids.max())
        if highest - lowest < _PLACES_PER_ROW * len(ids) and highest <= np.iinfo(np.int64).max:
            order, ends = _counted(ids.astype(np.int64) - lowest, highest - lowest + 1)
            present = np.flatnonzero(np.diff(ends, prepend=0))
            found = (present + lowest).astype(ids.dtype)
            return AgentRows(order, found, np.append(0, ends[present]))
    order = np.argsort(ids, kind="stable")
    return _already_grouped(ids.take(order), order)


def _already_grouped(ids: NDArray[Any], order: NDArray[np.int64] | None) -> AgentRows:
    """Return the rows of ids that ascend."""
    firsts = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]])[: len(ids)])
    return AgentRows(order, ids[firsts], np.append(firsts, len(ids)).astype(np.int64))


@compiled
def _counted(places: NDArray[np.int64], values: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the stable order of places in 0 .. values - 1, and the end of each value's rows."""
    ends = np.zeros(values, np.int64)
    for place in places:
        ends[place] += 1
    before = 0
    for value in range(values):
        count = ends[value]
        ends[value] = before
        before += count
    order = np.empty(len(places), np.int64)
    for row in range(len(places)):
        order[ends[places[row]]] = row
        ends[places[row]] += 1
    return order, ends
