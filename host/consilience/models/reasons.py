"""Why: the steps of a run that its score comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from consilience.models.model_file import FittedModel
from consilience.models.run import Run
from consilience.models.running_score import step_bits

__all__ = ["Moved", "Reason", "reasons_of"]

_RUNS = 3
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
        How much it speaks against the run.
    """

    step: int
    name: str
    after: str
    bits: float

    def words(self) -> str:
        """Return it in plain words."""
        where = f"after {self.after}" if self.after else "as the first"
        bits = f"{self.bits:.1f} bits" if self.bits < _MOST_BITS else "above all others"
        return f"{self.name} {where} (step {self.step}, {bits})"


@dataclass(frozen=True)
class Reason:
    """A run, and its steps that say the most."""

    run: str
    score: float
    steps: tuple[Moved, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        steps = [
            {"step": one.step, "tool": one.name, "after": one.after, "bits": round(one.bits, 3)}
            for one in self.steps
        ]
        return {"run": self.run, "score_bits": round(self.score, 3), "steps": steps}


def reasons_of(model: FittedModel, runs: Sequence[Run]) -> list[Reason]:
    """Return the reasons of the first few runs, in that order.

    Parameters
    ----------
    model : FittedModel
    runs : sequence of Run
        The most suspect first.
    """
    return [_reason(model, run) for run in runs[:_RUNS]]


def _reason(model: FittedModel, run: Run) -> Reason:
    scored = model.score(run)
    assert scored.running is not None
    if scored.nats is not None:
        bits = step_bits(scored.nats, model.prior, 0.0)
    else:
        bits = np.diff(np.maximum(scored.running, 0) / _BIT, prepend=0.0)
    names = [*(step.name for step in run.steps), "(end)"]
    places = [one for one in np.argsort(-bits, kind="stable")[:_STEPS].tolist() if bits[one] > 0]
    moved = tuple(
        Moved(place + 1, names[place], names[place - 1] if place else "", float(bits[place]))
        for place in places
    )
    return Reason(run.name, float(scored.running[-1]) / _BIT, moved)
