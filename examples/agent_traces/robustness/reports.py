"""What n reporters say in many trials at once: counts of distinct ratios, exact."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from consilience.robust.robust_counts import bins_of
from consilience_hw.spec.number_formats import RATIO_BINS

__all__ = ["Population", "Reports"]

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """Runs of one kind, to be drawn from with replacement: replicated real traces.

    Parameters
    ----------
    values : (m,) int64
        Distinct ratios in ulp, ascending.
    shares : (m,) float64
        How many of the runs have each, as a share.
    """

    values: Int64
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, ratios: Int64) -> Self:
        """Return the population of recorded runs."""
        values, counts = np.unique(ratios, return_counts=True)
        return cls(values, counts / len(ratios))

    @property
    def negated(self) -> "Population":
        """The same runs with every ratio's sign turned."""
        return Population(-self.values[::-1], self.shares[::-1])

    def draw(self, rng: np.random.Generator, reporters: int, trials: int) -> "Reports":
        """Return what `reporters` drawn runs say in each trial."""
        counts = rng.multinomial(reporters, self.shares, size=trials).astype(np.int64)
        return Reports(self.values, counts, np.zeros(trials, np.int64), 0)


@dataclass(frozen=True)
class Reports:
    """Ratios of all reporters by trial; `copies` liars of a trial all report its `value`.

    Parameters
    ----------
    values : (m,) int64
        Ratios in ulp, ascending.
    counts : (trials, m) int64
        Reporters of each.
    value : (trials,) int64
        In ulp.
    copies : int
    """

    values: Int64
    counts: Int64
    value: Int64
    copies: int

    @property
    def reporters(self) -> int:
        """n, the same in all trials."""
        return int(self.counts[0].sum()) + self.copies

    def with_copies(self, value: Int64, copies: int) -> "Reports":
        """Return these reports and `copies` of one value, (trials,) in ulp."""
        return Reports(self.values, self.counts, value, copies)

    def with_reports(self, other: "Reports") -> "Reports":
        """Return these reports and others; neither has copies."""
        values = np.concatenate([self.values, other.values])
        order = np.argsort(values, kind="stable")
        counts = np.concatenate([self.counts, other.counts], axis=1)[:, order]
        return Reports(values[order], counts, self.value, 0)

    def total(self) -> Int64:
        """Return the plain sums, (trials,) in ulp."""
        return self.counts @ self.values + self.copies * self.value

    def histograms(self, unit: int) -> Int64:
        """Return the counts of a `RobustHistogram` of unit k ulp by trial, (trials, 257)."""
        bins = bins_of(self.values, unit)
        first = np.flatnonzero(np.diff(bins, prepend=-1))
        found = np.zeros((len(self.counts), RATIO_BINS), np.int64)
        found[:, bins[first]] = np.add.reduceat(self.counts, first, axis=1)
        found[np.arange(len(found)), bins_of(self.value, unit)] += self.copies
        return found

    def ranked(self, rank: int) -> Int64:
        """Return the ratio of a rank, 0 the lowest, by trial: (trials,) in ulp."""
        upto = np.cumsum(self.counts, axis=1)

        def among_others(place: Int64) -> Int64:
            column = (upto > place[:, np.newaxis]).argmax(axis=1)
            return self.values[column]

        lower = np.searchsorted(self.values, self.value)
        below = np.where(lower > 0, upto[np.arange(len(upto)), lower - 1], 0)
        rest = len(self.values) and upto[0, -1] - 1
        before = among_others(np.full(len(upto), min(rank, rest)))
        after = among_others(np.full(len(upto), min(max(rank - self.copies, 0), rest)))
        copied = np.where(rank < below + self.copies, self.value, after)
        return np.where(rank < below, before, copied)

    def ascending(self, trial: int) -> Int64:
        """Return the ratios of one trial, (n,) int64, sorted."""
        others = np.repeat(self.values, self.counts[trial])
        place = int(np.searchsorted(others, self.value[trial]))
        return np.insert(others, place, np.full(self.copies, self.value[trial]))
