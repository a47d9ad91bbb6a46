"""Rows of observations as a monitor takes them: checked, in the types that kernels work on."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.numbers.arrays import Codes, plain_array, unsigned_array
from consilience.numbers.convert import as_codes

__all__ = ["increments_of", "sequence_numbers"]


def increments_of(increments: ArrayLike, ids: NDArray[np.generic], components: int) -> Codes:
    """Return increments as codes, (n, K); BadInput unless they are and fit the agents."""
    values = as_codes(increments, "increments")
    if values.ndim < 2 and components == 1:
        values = values.reshape(-1, 1)
    elif values.ndim == 1 and len(ids) == 1:
        values = values.reshape(1, -1)
    if ids.ndim != 1 or values.shape != (len(ids), components):
        raise BadInput(
            f"agent (n,) and increments (n, {components}) must fit, not {ids.shape} and "
            f"{values.shape}"
        )
    return np.ascontiguousarray(values)


def sequence_numbers(sequence: ArrayLike, count: int) -> NDArray[np.int64]:
    """Return sequence numbers with bit 63 inverted, so that they compare as signed ones."""
    values = np.atleast_1d(plain_array(sequence, "sequence"))
    if values.dtype.kind in "fO" and not isinstance(sequence, np.ndarray):
        try:
            found = unsigned_array(sequence)
        except OverflowError:
            raise BadInput("sequence numbers are in 0 .. 2**64 - 1") from None
        values = values if found is None else np.atleast_1d(found)
    if values.shape != (count,) or values.dtype.kind not in "iu":
        raise BadInput(f"sequence must be {count} integers, not {values.dtype} {values.shape}")
    if values.dtype.kind == "i" and count and int(values.min()) < 0:
        raise BadInput(f"sequence number {values.min()} is below 0")
    return values.astype(np.uint64).view(np.int64) ^ np.int64(-(1 << 63))
