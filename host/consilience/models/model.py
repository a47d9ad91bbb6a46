"""What every model is: fitted on runs, asked for one run step by step, written as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.models.run import Run

__all__ = ["NORMAL", "Float", "LogTables", "Model", "Scored", "positive"]

Float = NDArray[np.float64]

NORMAL = "normal"
"""The one hypothesis of a model that was fitted on known-good runs alone."""


class Scored(NamedTuple):
    """What a model says of one run.

    Parameters
    ----------
    nats : (steps + 1, H) float64, or None
        ln p of each step, and last of the run's end, given the steps before it, under each
        hypothesis. None: the model has no likelihoods, and gives `running` in their place.
    running : (steps + 1,) int64, or None
        A score that never falls, higher for what is more suspect. None: it follows from `nats`.
    """

    nats: Float | None
    running: NDArray[np.int64] | None = None


class LogTables(NamedTuple):
    """All that a model can say, where that is finite: what a certificate is made of.

    Parameters
    ----------
    nats : (H, contexts, symbols) float64
        ln p of each symbol in each context; each row sums to 1.
    unseen, end : int
        Columns of what has no own one, and of the end of a run.
    """

    nats: Float
    unseen: int
    end: int


def positive(value: Any, name: str) -> float:
    """Return a number above 0; BadInput if it is none."""
    number = float(value)
    if not 0.0 < number < float("inf"):
        raise BadInput(f"{name} {value}: a number above 0")
    return number


class Model(Protocol):
    """A model of what runs look like under each hypothesis.

    Attributes
    ----------
    kind : str
        Its name in files and options.
    reads : tuple of str
        Kinds of files it can be fitted on: tool_calls, scores, metrics.
    grid : tuple of dict
        Options to choose from, by log loss, the default first.
    labels : tuple of str
        Hypotheses, good behaviour first; (`NORMAL`,) if fitted on known-good runs alone.
    """

    kind: ClassVar[str]
    reads: ClassVar[tuple[str, ...]]
    grid: ClassVar[tuple[Mapping[str, Any], ...]]

    @property
    def labels(self) -> tuple[str, ...]: ...  # noqa: D102

    @classmethod
    def fit(
        cls, runs: Sequence[Run], truth: Sequence[int], labels: tuple[str, ...], **options: Any
    ) -> Self:
        """Fit on runs.

        Parameters
        ----------
        runs : sequence of Run
        truth : sequence of int
            Of each run its place in `labels`; all 0 of known-good runs alone.
        labels : tuple of str
        options
            As in `grid`.

        Raises
        ------
        BadInput
            Runs that this model can learn nothing from.
        """
        ...

    def score(self, run: Run) -> Scored:
        """Return what the model says of a run; each row depends on the steps so far alone."""
        ...

    def tables(self) -> LogTables | None:
        """Return everything the model can say of a step; None where that is not finite."""
        ...

    def as_json(self) -> dict[str, Any]:
        """Return the parameters as JSON."""
        ...

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the model of its parameters; KeyError, TypeError or ValueError if it has none."""
        ...
