"""Krum (Blanchard et al., 2017) for numbers: the report that stands nearest to its neighbours."""

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput

__all__ = ["krum"]


def krum(ascending: NDArray[np.int64], faulty: int) -> int:
    """Return the report with the least sum of squared distances to its n - f - 2 nearest others.

    The nearest of sorted numbers stand side by side. So the least score is that of a run of
    n - f - 1 neighbours about the member nearest to their mean, and f + 2 runs are looked at.
    O(n log n), exact. Of equal scores the run that starts lowest wins, and its lower member.

    Parameters
    ----------
    ascending : (n,) int64
        Sorted.
    faulty : int
        f, with n >= 2 f + 3.

    Raises
    ------
    BadInput
        Fewer reports, or so far apart that a score does not fit 64 bits.
    """
    n = len(ascending)
    if faulty < 0 or n < 2 * faulty + 3:
        raise BadInput(
            f"krum: {n} reports cannot tolerate {faulty} faulty: n must be at least 2f + 3"
        )
    values = ascending - ascending[n // 2]
    # No score is above n times the square of the range; what goes beyond on the way wraps back.
    if n * (int(ascending[-1]) - int(ascending[0])) ** 2 >= 1 << 63:
        raise BadInput("krum: reports too far apart for scores of 64 bits")
    size = n - faulty - 1
    sums = np.concatenate([[0], np.cumsum(values)])
    squares = np.concatenate([[0], np.cumsum(values * values)])
    total = sums[size:] - sums[:-size]
    square = squares[size:] - squares[:-size]
    # The members about the mean: the last at most its floor, and the next.
    start = np.arange(len(total))
    below = np.searchsorted(values, total // size, side="right") - 1
    places = np.stack([below, below + 1]).clip(start, start + size - 1)
    member = values[places]
    scores = square - 2 * member * total + size * member * member
    best = int(scores.min(axis=0).argmin())
    return int(ascending[places[scores[:, best].argmin(), best]])
