"""How often a run calls each tool: Gamma-Poisson, asked call by call while the run goes on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import lgamma, log, log1p
from typing import Any, ClassVar, Self

import numpy as np

from consilience.models.model import Scored, positive
from consilience.models.run import Run

__all__ = ["CountModel", "log_pmf", "log_tail"]

_OTHERS = ""
"""Stands for all tools that were never seen."""
_TINY = 1e-17


@lru_cache(maxsize=1 << 16)
def log_pmf(count: int, shape: float, share: float) -> float:
    """Return ln P(N = count): Poisson, its rate Gamma of `shape` and rate 1 / `share` - 1."""
    gamma = lgamma(shape + count) - lgamma(shape) - lgamma(count + 1)
    return gamma + shape * log1p(-share) + count * log(share)


@lru_cache(maxsize=1 << 16)
def log_tail(count: int, shape: float, share: float) -> float:
    """Return ln P(N >= count): its terms from `count` on, relative to the first."""
    if count == 0:
        return 0.0
    term = total = 1.0
    place = count
    while term > _TINY * total:
        term *= (shape + place) / (place + 1) * share
        total += term
        place += 1
    return min(0.0, log_pmf(count, shape, share) + log(total))


@dataclass(frozen=True)
class CountModel:
    """Numbers of calls of each tool in a run, independent of one another.

    A tool's rate has a Gamma prior of mean ``mean`` over the tools and weight ``runs``; given n
    calls in N runs the next run's count is negative binomial. A call that is the (c + 1)-th of its
    tool is worth ln P(count > c | count >= c), the end ln P(count = c | count >= c) of all tools:
    together ln P of the counts.

    Parameters
    ----------
    labels, tools : tuple of str
    mean, strength : float
        The prior: calls of a tool in a run, and in how many runs that was as if seen.
    runs : tuple of int
        Of each label.
    counts : tuple of tuple of int
        Calls of each tool, one row a label.
    """

    kind: ClassVar[str] = "counts"
    reads: ClassVar[tuple[str, ...]] = ("tool_calls",)
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = tuple({"strength": a} for a in (1.0, 0.1, 10.0))

    labels: tuple[str, ...]
    tools: tuple[str, ...]
    mean: float
    strength: float
    runs: tuple[int, ...]
    counts: tuple[tuple[int, ...], ...]

    @classmethod
    def fit(
        cls, runs: Sequence[Run], truth: Sequence[int], labels: tuple[str, ...], **options: Any
    ) -> Self:
        """Count calls; option: strength (above 0)."""
        options = {**cls.grid[0], **options}
        totals = [Counter[str]() for _ in labels]
        numbers = [0] * len(labels)
        for run, place in zip(runs, truth, strict=True):
            totals[place].update(step.name for step in run.steps)
            numbers[place] += 1
        tools = tuple(sorted({name for one in totals for name in one}))
        calls = sum(sum(one.values()) for one in totals)
        mean = (calls + 0.5) / (max(1, len(tools)) * (len(runs) + 1))
        counts = tuple(tuple(one[name] for name in tools) for one in totals)
        strength = positive(options["strength"], "strength")
        return cls(labels, tools, mean, strength, tuple(numbers), counts)

    def score(self, run: Run) -> Scored:
        """Return ln p of each call given the numbers so far, and of the numbers at the end."""
        known = set(self.tools)
        so_far: Counter[str] = Counter()
        rows = []
        for step in run.steps:
            name = step.name if step.name in known else _OTHERS
            before = so_far[name]
            so_far[name] += 1
            tails = [(self._tail(h, name, before + 1), self._tail(h, name, before))
                     for h in range(len(self.labels))]  # fmt: skip
            even = name == _OTHERS and len(self.labels) > 1
            rows.append([tails[0 if even else h][0] - tails[0 if even else h][1]
                         for h in range(len(self.labels))])  # fmt: skip
        rows.append([self._end(h, so_far) for h in range(len(self.labels))])
        return Scored(np.array(rows))

    def tables(self) -> None:
        """Return nothing: numbers have no largest one."""

    def _shape(self, label: int, name: str) -> tuple[float, float]:
        seen = 0 if name == _OTHERS else self.counts[label][self.tools.index(name)]
        share = 1.0 / (self.strength + self.runs[label] + 1.0)
        return self.mean * self.strength + seen, share

    def _tail(self, label: int, name: str, count: int) -> float:
        return log_tail(count, *self._shape(label, name))

    def _end(self, label: int, so_far: Counter[str]) -> float:
        total = 0.0
        for name in self.tools:
            shape, share = self._shape(label, name)
            count = so_far[name]
            total += log_pmf(count, shape, share) - log_tail(count, shape, share)
        return total

    def as_json(self) -> dict[str, Any]:
        """Return the parameters."""
        return {
            "labels": list(self.labels),
            "tools": list(self.tools),
            "mean": self.mean,
            "strength": self.strength,
            "runs": list(self.runs),
            "counts": [list(one) for one in self.counts],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the model of `as_json`."""
        labels, tools, runs = (tuple(value[name]) for name in ("labels", "tools", "runs"))
        counts = tuple(tuple(one) for one in value["counts"])
        fits = len(labels) == len(runs) == len(counts) and all(len(c) == len(tools) for c in counts)
        if not fits or min((*runs, *(n for one in counts for n in one)), default=0) < 0:
            raise ValueError("counts that cannot be")
        mean, strength = positive(value["mean"], "mean"), positive(value["strength"], "strength")
        return cls(labels, tools, mean, strength, runs, counts)
