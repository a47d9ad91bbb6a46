"""Ranks of scores that nothing is wrong with: many histories at once, each run among all before."""

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "ranks_of"]

KINDS = ("continuous", "tied", "two-valued")


def ranks_of(
    kind: str, trials: int, steps: int, rng: np.random.Generator, first: int
) -> NDArray[np.int32]:
    """Return seeded ranks j of runs first + 1 .. first + steps of each history, (steps, trials)."""
    ranks = np.empty((steps, trials), np.int32)
    for trial in range(trials):
        count = first + steps
        if kind == "continuous":
            scores = rng.permutation(count)  # the order is all that a rank sees
        elif kind == "tied":
            scores = np.minimum(rng.geometric(0.3, count), 12)
        else:
            scores = (rng.random(count) < 0.3).astype(np.int64)
        _rank(scores, rng.random(count), first, ranks[:, trial])
    return ranks


@numba.njit(cache=False)
def _rank(scores, chances, first, ranks):  # type: ignore[no-untyped-def]
    """Write each run's rank among those before it; a Fenwick tree counts scores by value."""
    size = 1
    while size <= scores.max() + 1:
        size *= 2
    tree = np.zeros(size + 1, np.int64)
    at = np.zeros(size + 1, np.int64)
    for run in range(len(scores)):
        place, at_or_below = scores[run] + 1, 0
        k = place
        while k:
            at_or_below += tree[k]
            k &= k - 1
        if run >= first:
            equal = at[place]
            ranks[run - first] = 1 + run - at_or_below + int(chances[run] * (1 + equal))
        at[place] += 1
        k = place
        while k <= size:
            tree[k] += 1
            k += k & -k
