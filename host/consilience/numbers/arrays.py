"""The arrays that go in and out: their names, and the one way in from what a user gives."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput

__all__ = ["Codes", "CodesAndStatus", "Offsets", "Words", "plain_array", "unsigned_array"]

Codes = NDArray[np.int32]
"""Logarithms to base 2, Q16.16."""

Words = NDArray[np.uint32]
"""Unsigned numbers of 32 bits: status flags, weights, ids, or words of the link."""

Offsets = NDArray[np.int64]
"""Segment k of an array is ``array[offsets[k]:offsets[k + 1]]``."""

CodesAndStatus = tuple[Codes, Words]
"""A code (or a row of codes) and a status word for each segment, agent or update."""


def plain_array(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return `values` as an array in which every value counts; not copied if it is one.

    Raises
    ------
    BadInput
        Masked values, which NumPy would silently take for present, or rows of unequal length.
    """
    if _is_masked(values):
        raise BadInput(
            f"{name}: masked values cannot be left out here; give compressed() values, or "
            "filled(x) with an x that means what you want (-inf: impossible)"
        )
    try:
        return np.asarray(values)
    except ValueError as error:
        raise BadInput(f"{name} must be an array of one shape ({error})") from None


def unsigned_array(values: ArrayLike) -> NDArray[np.uint64] | None:
    """Return a list of integers as uint64: NumPy makes floats of it where one is 2**63 or more.

    None if some are no integers; OverflowError if they do not fit.
    """
    given = np.asarray(values, dtype=object)
    if not all(isinstance(one, int | np.integer) for one in given.flat):
        return None
    # By way of int: NumPy's own conversion lets a negative int64 wrap around.
    return np.array([int(one) for one in given.flat], np.uint64).reshape(given.shape)


def _is_masked(values: object) -> bool:
    if isinstance(values, list | tuple):
        return any(_is_masked(one) for one in values)
    return isinstance(values, np.ma.MaskedArray) and bool(np.ma.is_masked(values))
