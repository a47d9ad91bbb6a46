"""Many streams of runs at once: the ranks of `RunRanking`, and the increments of its terms.

Each stream is an agent of its own with a history of its own; runs come one after the other. The
chances that break ties are those of the product, so that ranks are the same, bit for bit.
"""

from collections.abc import Sequence
from fractions import Fraction

import numba
import numpy as np
from numpy.typing import NDArray

from consilience.monitor.rank_terms import count_term, rank_term
from consilience.monitor.tie_chance import TieChance
from consilience.numbers.arrays import Codes

__all__ = ["KAPPAS", "Increments", "keys_of", "ranks_of", "ranks_of_calls"]

Int = NDArray[np.int64]
KAPPAS = ("1/4", "1/2")
"""The bets of the product's default."""


def keys_of(agents: Sequence[str], seed: int) -> NDArray[np.uint64]:
    """Return where the chances of each agent begin."""
    chance = TieChance(seed)
    return np.array([chance.key(agent) for agent in agents], np.uint64)


class Increments:
    """Ranks to increments, by the terms of the product.

    Parameters
    ----------
    most : int
        The largest number of ranks N.
    """

    def __init__(self, most: int) -> None:
        bets = [Fraction(one) for one in KAPPAS]
        self._ranks = np.array(
            [[0] + [rank_term(j, bet) for j in range(1, most + 1)] for bet in bets], np.int32
        )
        self._counts = np.array(
            [[0] + [count_term(n, bet) for n in range(1, most + 1)] for bet in bets], np.int32
        )

    def of(self, ranks: NDArray[np.int32], count: int) -> Codes:
        """Return the increments, (streams, K) int32, of ranks among `count`."""
        return (self._ranks[:, ranks] + self._counts[:, count, np.newaxis]).T


def _dense(*scores: Int) -> tuple[list[NDArray[np.int32]], int]:
    """Return scores numbered in ascending order, and how many values there are."""
    values = np.unique(np.concatenate([one.ravel() for one in scores]))
    return [np.searchsorted(values, one).astype(np.int32) for one in scores], len(values)


def ranks_of(scores: Int, keys: NDArray[np.uint64], n0: int) -> NDArray[np.int32]:
    """Return j of every run after the first n0, (runs - n0, streams) int32.

    Parameters
    ----------
    scores : (streams, runs) int64
    keys : (streams,) uint64
        See `keys_of`.
    n0 : int
    """
    (dense,), values = _dense(scores)
    nothing = np.zeros((0, 0, 0), np.int32)
    ranks = np.empty((scores.shape[1] - n0, len(scores)), np.int32)
    _rank_each(dense, keys, n0, values, nothing, nothing, ranks)
    return ranks


def ranks_of_calls(
    scores: Int, keys: NDArray[np.uint64], n0: int, calls: Int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return `ranks_of`, and the ranks that the last runs have after each of their calls.

    Parameters
    ----------
    scores, keys, n0 :
        As for `ranks_of`.
    calls : (streams, last, most) int64
        Scores of the last runs of each stream while they are open.

    Returns
    -------
    (runs - n0, streams) int32, (last, streams, most) int32
    """
    (dense, open_ones), values = _dense(scores, calls)
    ranks = np.empty((scores.shape[1] - n0, len(scores)), np.int32)
    found = np.empty((calls.shape[1], len(scores), calls.shape[2]), np.int32)
    _rank_each(dense, keys, n0, values, open_ones, found, ranks)
    return ranks, found


@numba.njit(cache=False)
def _chance(key, ordinal):  # type: ignore[no-untyped-def]
    """Return the 64 bits of `TieChance.of`."""
    z = key + np.uint64(ordinal + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(cache=False)
def _rank(counts, value, chance):  # type: ignore[no-untyped-def]
    """Return j: 1, the scores above, and the share of the equal ones that chance gives."""
    above = 0
    for other in range(value + 1, len(counts)):
        above += counts[other]
    ties = np.uint64(1 + counts[value])
    high, low = chance >> np.uint64(32), chance & np.uint64(0xFFFFFFFF)
    # floor(chance * ties / 2**64) in two halves: ties are below 2**32.
    share = (high * ties + (low * ties >> np.uint64(32))) >> np.uint64(32)
    return 1 + above + np.int64(share)


@numba.njit(cache=False)
def _rank_each(scores, keys, n0, values, calls, call_ranks, ranks):  # type: ignore[no-untyped-def]
    """Write the rank of each run among those before it, and of the last ones while open."""
    streams, runs = scores.shape
    first_open = runs - calls.shape[1]
    for stream in range(streams):
        counts = np.zeros(values, np.int32)
        for run in range(runs):
            value = scores[stream, run]
            if run >= n0:
                chance = _chance(keys[stream], run)
                ranks[run - n0, stream] = _rank(counts, value, chance)
                if run >= first_open:
                    for call in range(calls.shape[2]):
                        call_ranks[run - first_open, stream, call] = _rank(
                            counts, calls[stream, run - first_open, call], chance
                        )
            counts[value] += 1
