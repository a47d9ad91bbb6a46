"""Ranks of many runs at once, among the past scores that were counted one after the other."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.agent_index import AgentId
from consilience.monitor.rank_terms import count_term, rank_term
from consilience.monitor.ranks_settings import RanksSettings
from consilience.monitor.tie_chance import TieChance

__all__ = ["RankTerms", "at_most", "many_chances", "many_places"]

Integers = NDArray[np.int64]

_UNKNOWN = np.iinfo(np.int64).min
_LARGEST = 1 << 20
"""Ranks and counts up to here are kept in tables."""
_GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_HALF, _LOW = np.uint64(32), np.uint64((1 << 32) - 1)


def many_chances(
    chance: TieChance, agents: Sequence[AgentId], ordinals: Sequence[int]
) -> NDArray[np.uint64]:
    """Return `TieChance.of` of runs."""
    keys = np.array([chance.key(one) for one in agents], np.uint64)
    z = keys + (np.array(ordinals, np.uint64) + np.uint64(1)) * _GOLDEN_RATIO
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return np.asarray(z ^ (z >> np.uint64(31)))


def many_places(above: Integers, at: Integers, chances: NDArray[np.uint64] | None) -> Integers:
    """Return j of runs: 1 + above + floor(h * (1 + at) / 2**64), or + at without chances."""
    if chances is None:
        return 1 + above + at
    equal = (1 + at).astype(np.uint64)  # below 2**32: so many runs are years
    high = (chances >> _HALF) * equal + (((chances & _LOW) * equal) >> _HALF)
    return 1 + above + (high >> _HALF).astype(np.int64)


class RankTerms:
    """Increments by rank and number of ranks, from tables that fill as they are asked for.

    Parameters
    ----------
    settings : RanksSettings
    """

    def __init__(self, settings: RanksSettings) -> None:
        self._terms = [(_Table(rank_term, one), _Table(count_term, one)) for one in settings.kappas]

    def increments(self, ranks: Integers, counts: Integers) -> NDArray[np.int32]:
        """Return the codes of runs, int32 of shape (n, K)."""
        columns = [of_rank.of(ranks) + of_count.of(counts) for of_rank, of_count in self._terms]
        return np.stack(columns, axis=1).astype(np.int32)


class _Table:
    """A term of a bet by whole numbers, 1 the first, worked out when it is first needed."""

    def __init__(self, term: Callable[[int, Fraction], int], kappa: Fraction) -> None:
        self._term, self._kappa = term, kappa
        self._values = np.full(1024, _UNKNOWN)

    def of(self, places: Integers) -> Integers:
        """Return the values at places."""
        if not len(places):
            return places
        most = int(places.max())
        if most > _LARGEST:
            return np.array([self._term(one, self._kappa) for one in places.tolist()], np.int64)
        while most >= len(self._values):
            self._values = np.append(self._values, np.full(len(self._values), _UNKNOWN))
        found = self._values[places]
        if (missing := found == _UNKNOWN).any():
            for one in np.unique(places[missing]).tolist():
                self._values[one] = self._term(one, self._kappa)
            found = self._values[places]
        return found


def at_most(ranks: Integers, counts: Integers, share: Fraction) -> Integers:
    """Return the places of runs with rank / count at most a share, decided exactly."""
    near = np.flatnonzero(ranks <= counts * float(share) * (1 + 1e-9))
    exact = [one for one in near.tolist() if Fraction(int(ranks[one]), int(counts[one])) <= share]
    return np.array(exact, np.int64)
