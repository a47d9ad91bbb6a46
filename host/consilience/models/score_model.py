"""Any judge's scores: calibrated by labels, or left to be ranked."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.models.isotonic import isotonic
from consilience.models.model import Float, Scored, positive
from consilience.models.run import Run
from consilience.monitor.line_fields import binned

__all__ = ["ScoreModel", "running_maximum"]

_NONE_YET = -(1 << 63)


def running_maximum(run: Run, low_is_suspect: bool) -> NDArray[np.int64]:
    """Return the highest ``floor(65536 score)`` after each step, and at the end; before there is
    a score the lowest integer.

    Parameters
    ----------
    run : Run
    low_is_suspect : bool
        The scores are taken below 0.

    Raises
    ------
    BadInput
        No step has a score, or one that is no number.
    """
    highest, found, scored = _NONE_YET, [], False
    for step in run.steps:
        if isinstance(step.score, str | bool):
            raise BadInput(f"run {run.name!r}: the score {step.score!r} is no number; correct it")
        if step.score is not None:
            highest, scored = max(highest, binned(step.score, low_is_suspect)), True
        found.append(highest)
    if not scored:
        raise BadInput(
            f"run {run.name!r} of {run.agent!r} has no score; give one, or leave the run out"
        )
    return np.array([*found, highest], np.int64)


@dataclass(frozen=True)
class ScoreModel:
    """The highest score of a run, calibrated by isotonic regression of bad against good runs.

    The blocks of the regression are what a score can be: a run's highest block k has under a
    hypothesis p(k) = (n(k) + a q(k)) / (N + a), q its share of all runs. A step that takes the
    highest block from i to j is worth ln P(at least j) / P(at least i), the end ln P(k) / P(at
    least k). Without labels there is nothing to calibrate: the running score is the highest one.

    Parameters
    ----------
    labels : tuple of str
    low_is_suspect : bool
    pseudo : float
        a, in runs.
    edges : tuple of int
        Lowest scores of all blocks but the first, ascending.
    counts : tuple of tuple of int
        Runs in each block, one row a label; empty without labels.
    """

    kind: ClassVar[str] = "scores"
    reads: ClassVar[tuple[str, ...]] = ("scores",)
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = tuple({"pseudo": a} for a in (1.0, 4.0, 0.25))

    labels: tuple[str, ...]
    low_is_suspect: bool
    pseudo: float
    edges: tuple[int, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def fit(
        cls, runs: Sequence[Run], truth: Sequence[int], labels: tuple[str, ...], **options: Any
    ) -> Self:
        """Calibrate; options: pseudo (above 0), low_is_suspect (False)."""
        options = {**cls.grid[0], **options}
        low, pseudo = bool(options.get("low_is_suspect")), positive(options["pseudo"], "pseudo")
        highest = [int(running_maximum(run, low)[-1]) for run in runs]
        if len(labels) == 1:
            return cls(labels, low, pseudo)
        blocks = isotonic(highest, [place > 0 for place in truth])
        edges = tuple(block.least for block in blocks[1:])
        counts = np.zeros((len(labels), len(blocks)), np.int64)
        for score, place in zip(highest, truth, strict=True):
            counts[place, bisect_right(edges, score)] += 1
        return cls(labels, low, pseudo, edges, tuple(tuple(row) for row in counts.tolist()))

    def score(self, run: Run) -> Scored:
        """Return ln p of the highest block so far; without labels the highest score."""
        highest = running_maximum(run, self.low_is_suspect)
        if not self.counts:
            return Scored(None, highest)
        blocks = np.searchsorted(np.array(self.edges, np.int64), highest, side="right")
        nats = self._nats()
        tails = np.logaddexp.accumulate(nats[:, ::-1], axis=1)[:, ::-1]
        tails[:, 0] = 0.0
        at = tails[:, blocks[:-1]]
        steps = np.diff(at, axis=1, prepend=0.0)
        end = nats[:, blocks[-1:]] - tails[:, blocks[-1:]]
        return Scored(np.concatenate([steps, end], axis=1).T, None)

    def _nats(self) -> Float:
        counts = np.array(self.counts, np.float64)
        shares = (counts.sum(axis=0) + 0.5) / (counts.sum() + 0.5 * counts.shape[1])
        total = counts.sum(axis=1, keepdims=True)
        return np.asarray(np.log((counts + self.pseudo * shares) / (total + self.pseudo)))

    def tables(self) -> None:
        """Return nothing: scores that do not rise have no probability here."""

    def as_json(self) -> dict[str, Any]:
        """Return the parameters."""
        return {
            "labels": list(self.labels),
            "low_is_suspect": self.low_is_suspect,
            "pseudo": self.pseudo,
            "edges": list(self.edges),
            "counts": [list(one) for one in self.counts],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the model of `as_json`."""
        labels, edges = tuple(value["labels"]), tuple(value["edges"])
        counts = tuple(tuple(one) for one in value["counts"])
        if sorted(set(edges)) != list(edges) or (counts and len(counts) != len(labels)):
            raise ValueError("edges or counts that cannot be")
        if any(len(one) != len(edges) + 1 or min(one) < 0 for one in counts):
            raise ValueError("counts of other blocks")
        if len(labels) > 1 and not counts:
            raise ValueError("no counts")
        pseudo = positive(value["pseudo"], "pseudo")
        return cls(labels, bool(value["low_is_suspect"]), pseudo, edges, counts)
