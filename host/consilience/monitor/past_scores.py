"""Past scores, counted by value: memory grows with values, not with runs.

A value takes 16 bytes and what its block keeps free; as a Python integer in a list, 50.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain

__all__ = ["PastScores"]

_SCORES, _COUNTS = "q", "Q"
"""int64, and uint64."""
_MOST = 256
"""Values of a block; a full one is cut in two, so that no step goes through all values."""


class PastScores:
    """Scores by value, with how often each came; values ascend through blocks.

    Attributes
    ----------
    total : int
        Scores.
    """

    def __init__(self) -> None:
        self._values: list[array[int]] = []
        self._counts: list[array[int]] = []
        self._highest: list[int] = []
        self._sums: list[int] = []
        self.total = 0

    @classmethod
    def of(cls, values: Sequence[int], counts: Sequence[int]) -> "PastScores":
        """Return scores of values, ascending, and how often each came."""
        made = cls()
        half = _MOST // 2
        for first in range(0, len(values), half):
            part = slice(first, first + half)
            made._values.append(array(_SCORES, values[part]))
            made._counts.append(array(_COUNTS, counts[part]))
        made._highest = [one[-1] for one in made._values]
        made._sums = [sum(one) for one in made._counts]
        made.total = sum(made._sums)
        return made

    @property
    def values(self) -> list[int]:
        """The values, ascending."""
        return list(chain.from_iterable(self._values))

    @property
    def counts(self) -> list[int]:
        """How often each value came."""
        return list(chain.from_iterable(self._counts))

    def add(self, score: int) -> None:
        """Count one score more."""
        self.enter(score)

    def enter(self, score: int) -> tuple[int, int]:
        """Count one score more; return how many were greater, and how many equal."""
        self.total += 1
        block = bisect_left(self._highest, score)
        if block == len(self._highest):
            self._append(score)
            return 0, 0
        values, counts, sums = self._values[block], self._counts[block], self._sums
        place = bisect_left(values, score)
        above = sum(counts[place:]) if place else sums[block]
        if block + 1 < len(sums):
            above += sum(sums[block + 1 :])
        sums[block] += 1
        if values[place] == score:
            at = counts[place]
            counts[place] = at + 1
            return above - at, at
        values.insert(place, score)
        counts.insert(place, 1)
        if len(values) > _MOST:
            self._cut(block)
        return above, 0

    def above_and_at(self, score: int) -> tuple[int, int]:
        """Return how many scores are greater, and how many are equal."""
        block = bisect_left(self._highest, score)
        if block == len(self._highest):
            return 0, 0
        values, counts = self._values[block], self._counts[block]
        place = bisect_left(values, score)
        at = counts[place] if values[place] == score else 0
        return sum(counts[place:]) + sum(self._sums[block + 1 :]) - at, at

    def _append(self, score: int) -> None:
        """Count a score above all."""
        if not self._values:
            self._values.append(array(_SCORES))
            self._counts.append(array(_COUNTS))
            self._highest.append(score)
            self._sums.append(0)
        self._values[-1].append(score)
        self._counts[-1].append(1)
        self._highest[-1] = score
        self._sums[-1] += 1
        if len(self._values[-1]) > _MOST:
            self._cut(len(self._values) - 1)

    def _cut(self, block: int) -> None:
        half = _MOST // 2
        for parts in (self._values, self._counts):
            whole = parts[block]
            parts[block : block + 1] = [whole[:half], whole[half:]]
        self._highest.insert(block, self._values[block][-1])
        self._sums[block : block + 1] = [sum(one) for one in self._counts[block : block + 2]]
