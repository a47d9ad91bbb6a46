"""Tables fitted to rounding intervals instead of to a function.

The cut sum of table words must equal ``M`` for every f, so before the cut it must lie in an
interval one unit wide. Even a tiny error can cross the end of an interval, so the words nearest to
the function are not always right. For each a, the search looks for a slope and a start with which
every b comes out right; where there are none, it moves the parabola of the group by a unit at the
b that fails. It checks every f, so a table that it returns is proved. The idea is that of RLIBM
(Lim and Nagarakatte, PLDI 2021).
"""

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

__all__ = ["GroupTables", "fitted_group"]

SLOPES = 24
"""Slopes tried on either side of the chord's own."""
MOVES = 200
"""Parabolas tried."""

Integers = NDArray[np.int64]
Move = tuple[int, int]
"""The place fold(b), and the change of the parabola there."""


@dataclass(frozen=True)
class GroupTables:
    """Words of A and S for each a of a group, and of Q for each fold(b); see `exp2_rom`."""

    base: list[int]
    slope: list[int]
    bend: list[int]


def fitted_group(
    curve: Integers, mantissas: Integers, coarse: int, fine: int
) -> GroupTables | None:
    """Return tables that give every mantissa of a group, or None if the search finds none.

    Parameters
    ----------
    curve : (intervals * 2**L,) int64
        ``2**(P + f / 2**F)`` in units of ``2**-fine``, cut.
    mantissas : (intervals, 2**L) int64
        The mantissas M.
    coarse, fine : int
        Fraction bits: `coarse` of A and Q, `fine` of S and the sum.
    """
    intervals, count = mantissas.shape
    b = np.arange(count)
    fold = np.minimum(b, count - 1 - b)
    curve = curve.reshape(intervals, count)
    rise = curve[:, -1] - curve[:, 0]
    above = curve[:, :1] + rise[:, None] * b // (count - 1) - curve
    # The mean of the parabolas of the first and the last interval, made symmetric.
    middle = (above[0] + above[-1] + (above[0] + above[-1])[::-1])[: count // 2] // 4
    bend = middle + (1 << fine - coarse >> 1) >> fine - coarse
    slopes = (rise // (count - 1))[:, None] + sorted(range(-SLOPES, SLOPES + 1), key=abs)

    tried = 0
    seen = {bend.tobytes()}
    queue: list[tuple[int, int, Integers]] = [(0, 0, bend)]
    while queue and tried < MOVES:
        _, _, bend = heappop(queue)
        fit = _Fit.of(mantissas, slopes, bend[fold] << fine - coarse, coarse, fine)
        if not fit.moves:
            base = (fit.base >> fine - coarse).tolist()
            return GroupTables(base, fit.slope.tolist(), bend.tolist())
        for place, change in fit.moves:
            moved = bend.copy()
            moved[fold[place]] += change
            if moved.tobytes() not in seen:
                seen.add(moved.tobytes())
                tried += 1
                heappush(queue, (len(fit.moves), tried, moved))
    return None


@dataclass(frozen=True)
class _Fit:
    """The best A and S for each a under a parabola, and moves of it that may repair the rest."""

    base: Integers
    slope: Integers
    moves: list[Move]

    @classmethod
    def of(
        cls, mantissas: Integers, slopes: Integers, bends: Integers, coarse: int, fine: int
    ) -> "_Fit":
        b = np.arange(mantissas.shape[1])
        # Indexed by a, slope and b: the range of starts that give this mantissa.
        least = (mantissas << fine)[:, None, :] - slopes[:, :, None] * b + bends
        most = least + ((1 << fine) - 1)
        unit = 1 << fine - coarse
        start = -(-least.max(axis=2) // unit) * unit
        wrong = (start[:, :, None] > most).sum(axis=2)
        chosen = wrong.argmin(axis=1)  # of equally good slopes the first, which is the nearest
        rows = np.arange(len(mantissas))
        moves = [
            (int(place), 1)
            for a in np.flatnonzero(wrong[rows, chosen])
            for place in np.flatnonzero(start[a, chosen[a]] > most[a, chosen[a]])
        ]
        return cls(start[rows, chosen], slopes[rows, chosen], moves)
