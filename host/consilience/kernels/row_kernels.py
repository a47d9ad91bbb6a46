"""Rows of files, compiled: integers that are written as text, and rows moved to their groups."""

import numpy as np
from numpy.typing import NDArray

from consilience.kernels.compiling import compiled

__all__ = ["MOST_DIGITS", "move_rows", "read_integers"]

MOST_DIGITS = 18
"""So many digits fit into 64 bits, whichever they are."""

_MINUS, _NOUGHT, _NINE = ord("-"), ord("0"), ord("9")


@compiled
def read_integers(
    text: NDArray[np.uint8], ends: NDArray[np.int32], integers: NDArray[np.int64]
) -> bool:
    """Read integers as Python writes them, of at most `MOST_DIGITS`; False if one is another text.

    Parameters
    ----------
    text : (bytes,)
    ends : (n + 1,)
        Integer k is ``text[ends[k]:ends[k + 1]]``.
    integers : (n,)
        Written.
    """
    for place in range(len(integers)):
        start, stop = ends[place], ends[place + 1]
        negative = start < stop and text[start] == _MINUS
        start += negative
        digits = stop - start
        if digits < 1 or digits > MOST_DIGITS:
            return False
        if text[start] == _NOUGHT and (digits > 1 or negative):
            return False
        value = np.int64(0)
        for at in range(start, stop):
            digit = text[at]
            if digit < _NOUGHT or digit > _NINE:
                return False
            value = 10 * value + (np.int64(digit) - _NOUGHT)
        integers[place] = -value if negative else value
    return True


@compiled
def move_rows(
    rows: NDArray[np.int32],
    groups: NDArray[np.int64],
    next_row: NDArray[np.int64],
    moved: NDArray[np.int32],
) -> None:
    """Write every row to the next place of its group: the rows of a group keep their order.

    Parameters
    ----------
    rows, moved : (n, words)
    groups : (n,)
    next_row : (groups,)
        Where the next row of each group goes; counted on.
    """
    words = rows.shape[1]
    for row in range(len(groups)):
        group = groups[row]
        place = next_row[group]
        next_row[group] = place + 1
        for word in range(words):
            moved[place, word] = rows[row, word]
