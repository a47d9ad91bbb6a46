"""Conformal ranks: scores of runs to increments of a monitor, word for word.

A run is ranked among the runs of its history that started before it. Of N = 1 + number of past
scores it has rank j, 1 the highest; bet kappa gives ``j**kappa - (j - 1)**kappa`` times
``N**(1 - kappa)``, whose mean over j is exactly 1, and log2 of both is cut, never rounded up.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.roots import floor_of_log2, floor_of_ratio, power_between

__all__ = ["ConformalModel", "DueRun", "count_term", "rank_term"]

_ULPS = Q16_16.fractions
_SERIES = 4096
"""The largest rank whose difference of powers is worked out; beyond, the slope at j, below it."""
_INFINITE = 2**63 - 1
_TAG = b"consilience conformal 1\0"
_GOLDEN_RATIO = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


@cache
def rank_term(rank: int, kappa: Fraction) -> int:
    """Return ``floor(65536 log2(j**kappa - (j - 1)**kappa))``, 0 for j = 1.

    For j > 4096 the floor of ``65536 (log2 kappa - (1 - kappa) log2 j)``, which is below it.
    """
    if rank == 1:
        return 0
    if rank > _SERIES:
        # A rational number to the power 65536: its floor of log2 is that of two integers.
        above = kappa.numerator**_ULPS
        below = kappa.denominator**_ULPS * rank ** int(_ULPS * (1 - kappa))
        return floor_of_ratio(above, below)
    low, high = power_between(rank, kappa)
    least, most = power_between(rank - 1, kappa)
    found = {floor_of_log2(low - most), floor_of_log2(high - least)}
    if len(found) != 1:
        raise ArithmeticError(f"rank {rank}, kappa {kappa}: too near to a border")
    return found.pop()


@cache
def count_term(count: int, kappa: Fraction) -> int:
    """Return ``floor(65536 (1 - kappa) log2 N)``."""
    return int(count ** int(_ULPS * (1 - kappa))).bit_length() - 1


class DueRun(NamedTuple):
    """A run that was ranked; `increments` is None among the first n0 of its history."""

    agent: int | str
    run: int
    increments: list[int] | None


@dataclass
class _Run:
    agent: int | str
    run: int
    ordinal: int
    start: int
    score: int = -(2**63)
    """The highest so far, of the time that counts."""
    ended: bool = False
    suspected: bool = False


class ConformalModel:
    """One history: runs in the order of their starts.

    Parameters
    ----------
    kappas : sequence of Fraction
    n0 : int
        Runs that are only history.
    seed : int or None
        Breaks ties by chance; None: ties count against the run, all of them.
    contaminated : int
        Of the runs in the history so many may have been bad.
    deadline : int or None
        How long after its start a run counts with the score it has then, in the caller's clock.
    """

    def __init__(
        self,
        kappas: Sequence[Fraction],
        n0: int,
        seed: int | None = None,
        contaminated: int = 0,
        deadline: int | None = None,
    ) -> None:
        self._kappas, self._n0, self._seed = kappas, n0, seed
        self._contaminated, self._deadline = contaminated, deadline
        self._past: list[int] = []
        self._open: list[_Run] = []
        self._started = 0

    def start(self, agent: int | str, run: int, at: int) -> list[DueRun]:
        """Note the start of a run; return what became due by the clock."""
        due = self._due(at)
        self._open.append(_Run(agent, run, self._started, at))
        self._started += 1
        return due

    def observe(self, run: int, score: int, at: int) -> list[DueRun]:
        """Note the score of an open run so far."""
        for one in self._open:
            if one.run == run and not one.ended and not self._is_over(one, at):
                one.score = max(one.score, score)
        return self._due(at)

    def finish(self, run: int, score: int, at: int, suspected: bool = False) -> list[DueRun]:
        """Note the end of a run; return what became due by it, in the order of starts."""
        for one in self._open:
            if one.run == run and not one.ended and not self._is_over(one, at):
                one.score, one.ended, one.suspected = max(one.score, score), True, suspected
        return self._due(at)

    def provisional(self, run: int, score: int) -> list[int] | None:
        """Return the increments that an open run has for certain; None among the first n0.

        Each earlier run that is open counts as the worst: +infinity to others, the last rank for
        itself. What the agent's own earlier runs bring comes before, so it is added.
        """
        asked = next((one for one in self._open if one.run == run), None)
        if asked is None:
            raise KeyError(run)
        past, before = list(self._past), [0] * len(self._kappas)
        for one in self._open[: self._open.index(asked)]:
            rank = self._rank(one, one.score, past) if one.ended else len(past) + 1
            if one.agent == asked.agent and len(past) >= self._n0:
                before = [a + b for a, b in zip(before, self._increments(rank, past), strict=True)]
            past.append(one.score if one.ended and not one.suspected else _INFINITE)
        if len(past) < self._n0:
            return None
        own = self._increments(self._rank(asked, max(asked.score, score), past), past)
        return [a + b for a, b in zip(before, own, strict=True)]

    def _is_over(self, one: _Run, now: int) -> bool:
        return self._deadline is not None and now > one.start + self._deadline

    def _due(self, now: int) -> list[DueRun]:
        due = []
        while self._open and (self._open[0].ended or self._is_over(self._open[0], now)):
            one = self._open.pop(0)
            rank = self._rank(one, one.score, self._past)
            ready = len(self._past) >= self._n0
            increments = self._increments(rank, self._past) if ready else None
            due.append(DueRun(one.agent, one.run, increments))
            self._past.append(_INFINITE if one.suspected else one.score)
        return due

    def _rank(self, one: _Run, score: int, past: Sequence[int]) -> int:
        greater = sum(other > score for other in past)
        equal = sum(other == score for other in past)
        if self._seed is None:
            rank = 1 + greater + equal
        else:
            rank = 1 + greater + (self._chance(one) * (1 + equal) >> 64)
        return min(rank + self._contaminated, len(past) + 1)

    def _increments(self, rank: int, past: Sequence[int]) -> list[int]:
        return [rank_term(rank, one) + count_term(len(past) + 1, one) for one in self._kappas]

    def _chance(self, one: _Run) -> int:
        """Return 64 bits of this run: SplitMix64 of its place among the history's starts."""
        name, kind = str(one.agent).encode(), 2
        if isinstance(one.agent, int):
            name, kind = (one.agent % 2**64).to_bytes(8, "little"), int(one.agent >= 2**63)
        seed = (self._seed or 0).to_bytes(8, "little")
        data = _TAG + seed + bytes([kind]) + len(name).to_bytes(4, "little") + name
        key = int.from_bytes(hashlib.sha256(data).digest()[:8], "little")
        z = key + (one.ordinal + 1) * _GOLDEN_RATIO & _WORD
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        z = (z ^ z >> 27) * 0x94D049BB133111EB & _WORD
        return z ^ z >> 31
