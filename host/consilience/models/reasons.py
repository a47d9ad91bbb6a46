"""Why: the runs that moved a statistic, and their steps that their scores come from.

Both by leaving out one: of runs the statistic without its increment, of steps the score without it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from consilience.explain.moves import bits_in_words
from consilience.models.model_file import FittedModel
from consilience.models.run import Run
from consilience.models.running_score import highest_sum, step_bits
from consilience.traces.steps import Step

__all__ = ["Moved", "Reason", "reason_of"]

_STEPS = 3
_BIT = 65536
_MOST_BITS = float(1 << 46)
"""No score but an infinite one reaches it."""


@dataclass(frozen=True)
class Moved:
    """A step.

    Parameters
    ----------
    step : int
        1 the first; one more than there are is the end of the run.
    name, after : str
        The tool, and the one before it; empty at the start.
    bits : float
        The run's score less its score without the step.
    failed, after_failed : bool
        Whether it failed, and whether the one before it did.
    failure_bits : float
        The run's score less what it had been if the call had not failed; 0 if it did not fail, or
        that it failed is no news.
    """

    step: int
    name: str
    after: str
    bits: float
    failed: bool = False
    after_failed: bool = False
    failure_bits: float = 0.0

    def words(self) -> str:
        """Return it in plain words."""
        name = f"{self.name}, which failed," if self.failed else self.name
        after = f"{self.after}, which failed" if self.after_failed else self.after
        where = f"after {after}" if self.after else "as the first"
        return f"{name} {where} (step {self.step}, {_in_words(self.bits)}{self._share()})"

    def _share(self) -> str:
        """Return in words how much of it is that the call failed."""
        if self.failure_bits <= 0:
            return ""
        whole = self.failure_bits >= self.bits
        return " as it failed" if whole else f", {self.failure_bits:+.2f} of them as it failed"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "step": self.step,
            "tool": self.name,
            "after": self.after,
            "bits": round(self.bits, 3),
            "failed": self.failed,
            "after_failed": self.after_failed,
            "failure_bits": round(self.failure_bits, 3),
        }


def _in_words(bits: float) -> str:
    return "above all others" if bits >= _MOST_BITS else bits_in_words(bits, ())


@dataclass(frozen=True)
class Reason:
    """A run, and its steps that its score comes from.

    Parameters
    ----------
    run : str
    score : float
        Bits.
    rank, of : int
        Among the history and the runs before it, 1 the highest.
    without : float or None
        The agent's statistic without the run, in bits; None: minus infinity.
    steps : tuple of Moved
        The strongest first.
    """

    run: str
    score: float
    rank: int
    of: int
    without: float | None
    steps: tuple[Moved, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "run": self.run,
            "score_bits": round(self.score, 3),
            "rank": self.rank,
            "of": self.of,
            "without_bits": self.without,
            "steps": [one.as_json() for one in self.steps],
        }


def reason_of(model: FittedModel, run: Run, rank: int, of: int, without: float | None) -> Reason:
    """Return why a run scores what it does."""
    scored = model.score(run)
    assert scored.running is not None
    score = float(scored.running[-1]) / _BIT
    if scored.nats is not None:
        rows = step_bits(scored.nats, model.prior, model.allowance_of(run.agent))
        left = [highest_sum(np.delete(rows, place)) for place in range(len(rows))]
    else:
        left = [_score_without(model, run, place) for place in range(len(run.steps))]
    bits = score - np.array(left, np.float64)
    names = [*(step.name for step in run.steps), "(end)"]
    failed = [*(step.error is True for step in run.steps), False]
    places = [one for one in np.argsort(-bits, kind="stable")[:_STEPS].tolist() if bits[one] > 0]
    moved = tuple(
        Moved(
            place + 1,
            names[place],
            names[place - 1] if place else "",
            float(bits[place]),
            failed[place],
            place > 0 and failed[place - 1],
            max(0.0, score - _score_unfailed(model, run, place)) if failed[place] else 0.0,
        )
        for place in places
    )
    return Reason(run.name, score, rank, of, without, moved)


def _score_without(model: FittedModel, run: Run, place: int) -> float:
    """Return the score of a run that has one step less."""
    return _score(model, run, (*run.steps[:place], *run.steps[place + 1 :]))


def _score_unfailed(model: FittedModel, run: Run, place: int) -> float:
    """Return the score of a run of which one call did not fail."""
    mended = replace(run.steps[place], error=False)
    return _score(model, run, (*run.steps[:place], mended, *run.steps[place + 1 :]))


def _score(model: FittedModel, run: Run, steps: tuple[Step, ...]) -> float:
    found = model.score(replace(run, steps=steps)).running
    assert found is not None
    return float(found[-1]) / _BIT
