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
    """

    step: int
    name: str
    after: str
    bits: float

    def words(self) -> str:
        """Return it in plain words."""
        where = f"after {self.after}" if self.after else "as the first"
        bits = "above all others" if self.bits >= _MOST_BITS else bits_in_words(self.bits, ())
        return f"{self.name} {where} (step {self.step}, {bits})"


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
        steps = [
            {"step": one.step, "tool": one.name, "after": one.after, "bits": round(one.bits, 3)}
            for one in self.steps
        ]
        return {
            "run": self.run,
            "score_bits": round(self.score, 3),
            "rank": self.rank,
            "of": self.of,
            "without_bits": self.without,
            "steps": steps,
        }


def reason_of(model: FittedModel, run: Run, rank: int, of: int, without: float | None) -> Reason:
    """Return why a run scores what it does."""
    scored = model.score(run)
    assert scored.running is not None
    score = float(scored.running[-1]) / _BIT
    if scored.nats is not None:
        rows = step_bits(scored.nats, model.prior, model.allowance)
        left = [highest_sum(np.delete(rows, place)) for place in range(len(rows))]
    else:
        left = [_score_without(model, run, place) for place in range(len(run.steps))]
    bits = score - np.array(left, np.float64)
    names = [*(step.name for step in run.steps), "(end)"]
    places = [one for one in np.argsort(-bits, kind="stable")[:_STEPS].tolist() if bits[one] > 0]
    moved = tuple(
        Moved(place + 1, names[place], names[place - 1] if place else "", float(bits[place]))
        for place in places
    )
    return Reason(run.name, score, rank, of, without, moved)


def _score_without(model: FittedModel, run: Run, place: int) -> float:
    """Return the score of a run that has one step less."""
    steps = (*run.steps[:place], *run.steps[place + 1 :])
    found = model.score(replace(run, steps=steps)).running
    assert found is not None
    return float(found[-1]) / _BIT
