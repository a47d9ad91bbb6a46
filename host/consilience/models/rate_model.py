"""How often calls fail: Beta-Bernoulli, a rate for each tool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from consilience.errors import BadInput
from consilience.models.model import Scored, positive
from consilience.models.run import Run

__all__ = ["RateModel"]


@dataclass(frozen=True)
class RateModel:
    """Calls that fail independently, each tool at its own rate.

    With f failures in n calls of a tool under a hypothesis, p(fails) = (f + a m) / (n + a): m is
    the hypothesis' rate over all tools, a its weight in calls. A call without a flag, and the end
    of a run, are no evidence.

    Parameters
    ----------
    labels, tools : tuple of str
    strength : float
        a.
    failed, calls : tuple of tuple of int
        Of each tool, one row a label.
    """

    kind: ClassVar[str] = "rates"
    reads: ClassVar[tuple[str, ...]] = ("tool_calls",)
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = tuple({"strength": a} for a in (5.0, 1.0, 50.0))

    labels: tuple[str, ...]
    tools: tuple[str, ...]
    strength: float
    failed: tuple[tuple[int, ...], ...]
    calls: tuple[tuple[int, ...], ...]

    @classmethod
    def fit(
        cls, runs: Sequence[Run], truth: Sequence[int], labels: tuple[str, ...], **options: Any
    ) -> Self:
        """Count calls and failures; option: strength (above 0)."""
        options = {**cls.grid[0], **options}
        tools = tuple(sorted({step.name for run in runs for step in run.steps}))
        place_of = {name: place for place, name in enumerate(tools)}
        failed = np.zeros((len(labels), len(tools)), np.int64)
        calls = np.zeros_like(failed)
        for run, label in zip(runs, truth, strict=True):
            for step in run.steps:
                if step.error is not None:
                    calls[label, place_of[step.name]] += 1
                    failed[label, place_of[step.name]] += step.error
        if not calls.any():
            raise BadInput(
                "no call says whether it failed, and rates need that: choose another --model, or "
                "export results too"
            )
        strength = positive(options["strength"], "strength")
        return cls(labels, tools, strength, _rows(failed), _rows(calls))

    def score(self, run: Run) -> Scored:
        """Return ln p of each flag."""
        failed, calls = np.array(self.failed), np.array(self.calls)
        overall = (failed.sum(axis=1) + 0.5) / (calls.sum(axis=1) + 1.0)
        rates = (failed + self.strength * overall[:, None]) / (calls + self.strength)
        place_of = {name: place for place, name in enumerate(self.tools)}
        nats = np.zeros((len(run.steps) + 1, len(self.labels)))
        for row, step in enumerate(run.steps):
            if step.error is not None:
                place = place_of.get(step.name)
                rate = overall if place is None else rates[:, place]
                nats[row] = np.log(rate if step.error else 1.0 - rate)
        return Scored(nats)

    def tables(self) -> None:
        """Return nothing: what is not said of calls has no probability here."""

    def as_json(self) -> dict[str, Any]:
        """Return the parameters."""
        return {
            "labels": list(self.labels),
            "tools": list(self.tools),
            "strength": self.strength,
            "failed": [list(one) for one in self.failed],
            "calls": [list(one) for one in self.calls],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the model of `as_json`."""
        failed, calls = np.array(value["failed"], np.int64), np.array(value["calls"], np.int64)
        labels, tools = tuple(value["labels"]), tuple(value["tools"])
        if failed.shape != calls.shape or failed.shape != (len(labels), len(tools)):
            raise ValueError("counts of other labels or tools")
        if (failed < 0).any() or (failed > calls).any():
            raise ValueError("more failures than calls")
        strength = positive(value["strength"], "strength")
        return cls(labels, tools, strength, _rows(failed), _rows(calls))


def _rows(values: Any) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in values.tolist())
