"""The type of agent ids in a state: that of their file, so that results are written with it."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from consilience.errors import BadInput

__all__ = ["ID_TYPES", "TEXTS", "common_type", "typed_ids"]

ID_TYPES = (
    *("int64", "string", "uint64", "int32", "uint32"),
    *("int16", "uint16", "int8", "uint8", "large_string"),
)
"""Arrow's names of the types that ids can have; the place is the byte in a state."""

TEXTS = ("string", "large_string")
"""Those of text."""
_LIMIT = 1 << 63


def typed_ids(agents: Any) -> pa.Array:
    """Return agent ids as an Arrow array; no id is changed.

    Parameters
    ----------
    agents : Arrow array, NumPy array or sequence of int or str
        Integers of a sequence are int64, or uint64 if one needs it.

    Raises
    ------
    BadInput
        They are not all integers of 64 bits or all text.
    """
    try:
        try:
            ids = agents if isinstance(agents, pa.Array) else pa.array(agents)
        except OverflowError:
            ids = pa.array(agents, pa.uint64())
    except (OverflowError, ValueError, pa.ArrowException) as error:
        raise BadInput(
            "agent ids must be all integers or all text; integers from -2**63 on below 2**63, or "
            f"from 0 on below 2**64 ({error})"
        ) from None
    if len(ids) and (ids.null_count or str(ids.type) not in ID_TYPES):
        raise BadInput(f"agent ids must be all integers or all text, none missing, not {ids.type}")
    return ids


def common_type(one: str, other: str, agents: Iterable[Any]) -> str:
    """Return the type for `agents`, some of which had the type `one` and some `other`.

    Several types of text become string; of integers int64, or uint64 if an id needs it. So the
    result depends on the types and ids alone, not on the order of merging.

    Raises
    ------
    BadInput
        Some are text and some integers, or no type of 64 bits has them all.
    """
    if one == other:
        return one
    if (one in TEXTS) != (other in TEXTS):
        raise BadInput("agent ids must be all integers or all text")
    if one in TEXTS:
        return "string"
    all_of_them = list(agents)
    lowest, highest = min(all_of_them), max(all_of_them)
    if highest < _LIMIT:
        return "int64"
    if lowest >= 0:
        return "uint64"
    raise BadInput(
        f"agent ids from {lowest} to {highest} are wider than 64 bits together; write all as text"
    )
