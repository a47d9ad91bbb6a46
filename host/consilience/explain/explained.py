"""What an explanation holds: the verdict, the steps that moved it, the odds over the rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isinf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consilience.explain.verdict import Verdict

__all__ = ["Explanation", "Step"]


@dataclass(frozen=True)
class Step:
    """A row of evidence, and the verdict without it.

    Parameters
    ----------
    row : int
        Its number in the file, from 1, or what the caller numbers by.
    place : int
        Its place among the agent's rows, from 0.
    bits : float
        How far it moved the odds of what is decided against the rival, in bits; infinite if it
        rules one of them out.
    ruled_out : tuple of str
        Hypotheses that the row says are impossible.
    labels : mapping of str to str
        What else the file says of it: time, reporter, tool.
    without : Verdict
        Of all the other rows, exactly: bit for bit what they alone give.
    count : int
        Rows of the step: several where they are taken out by the value of a column. `row` and
        `place` are then those of the first.
    """

    row: int
    place: int
    bits: float
    ruled_out: tuple[str, ...]
    labels: Mapping[str, str]
    without: Verdict
    count: int = 1

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it; infinite bits as text."""
        bits = str(self.bits) if isinf(self.bits) else self.bits
        labels = dict(self.labels)
        return {
            "row": self.row,
            **({"rows": self.count} if self.count > 1 else {}),
            "bits": bits,
            **({"rules_out": list(self.ruled_out)} if self.ruled_out else {}),
            **({"labels": labels} if labels else {}),
            "without": self.without.as_json(),
        }


@dataclass(frozen=True)
class Explanation:
    """Why the verdict about an agent is what it is.

    Parameters
    ----------
    agent : int or str
    rows : int
        Rows of evidence about it.
    verdict : Verdict
        Of all of them.
    decided, rival : str
        The odds are those of `decided` against `rival`: what was decided, or comes next to it,
        against the hypothesis that all is well, or against the most probable of the others.
    steps : tuple of Step
        Those that moved it most towards `decided`, the strongest first.
    moving : int
        How many rows moved it towards `decided` at all.
    decisive : int or None
        Without so many of the strongest the decision would be another; None: not even without all
        that moved it (the prior decides).
    without_decisive : Verdict or None
        That other verdict.
    timeline : (rows,) float64
        The odds after each row in bits, with the prior; infinite from where one is ruled out.
    start : float
        The odds before the first row.
    row_numbers : (rows,) int64
    by : str or None
        The column by whose values rows were taken out together; steps are such groups then.
    """

    agent: int | str
    rows: int
    verdict: Verdict
    decided: str
    rival: str
    steps: tuple[Step, ...]
    moving: int
    decisive: int | None
    without_decisive: Verdict | None
    timeline: NDArray[np.float64] = field(repr=False)
    start: float
    row_numbers: NDArray[np.int64] = field(repr=False)
    by: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return all but the timeline as JSON takes it."""
        other = self.without_decisive
        return {
            "agent": self.agent,
            "rows": self.rows,
            **self.verdict.as_json(),
            "odds_of": self.decided,
            "against": self.rival,
            **({} if self.by is None else {"by": self.by}),
            "moving_rows": self.moving,
            "moved_by": [step.as_json() for step in self.steps],
            "decisive_rows": self.decisive,
            "without_decisive_rows": None if other is None else other.as_json(),
        }
