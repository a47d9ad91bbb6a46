"""Streams of numbers as a model: metrics, whose surprise is a score; it has no likelihoods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from consilience.errors import BadInput
from consilience.models.model import Float, Scored
from consilience.models.numeric_stream import NumericStream
from consilience.models.run import Run
from consilience.traces.span import nanoseconds

__all__ = ["NumericModel"]

_ONE = 1 << 16
_SECOND = 10**9


@dataclass(frozen=True)
class NumericModel:
    """What was learned of each stream of known-good values; see `NumericStream`.

    A stream that is scored goes on where the one of its name ended; if the model knows only one,
    where that ended; else it begins anew.

    Parameters
    ----------
    labels : tuple of str
    streams : dict of str to NumericStream
    """

    kind: ClassVar[str] = "numeric"
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)

    labels: tuple[str, ...]
    streams: dict[str, NumericStream]

    @classmethod
    def fit(
        cls, runs: Sequence[Run], truth: Sequence[int], labels: tuple[str, ...], **options: Any
    ) -> Self:
        """Take in the streams of the first label, in order; there are no options."""
        if options:
            raise BadInput(f"the numeric model has no option {', '.join(options)}")
        streams: dict[str, NumericStream] = {}
        for run, its in zip(runs, truth, strict=True):
            if its == 0 and run.steps:
                _surprise(streams.setdefault(_name(run), NumericStream()), run)
        if not streams:
            raise BadInput("no known-good stream has a value; there is nothing to learn from")
        return cls(labels, streams)

    def score(self, run: Run) -> Scored:
        """Return the highest surprise so far, floor(65536 * bits)."""
        bits = self.surprise(run)
        codes = np.floor(np.nan_to_num(bits) * _ONE).astype(np.int64)
        return Scored(None, np.maximum.accumulate(np.append(np.maximum(codes, 0), 0)))

    def surprise(self, run: Run) -> Float:
        """Return the surprise of each step of a stream, in bits; NaN where it has no value."""
        known = self.streams.get(_name(run))
        if known is None and len(self.streams) == 1:
            (known,) = self.streams.values()
        return _surprise(NumericStream() if known is None else known.copy(), run)

    def tables(self) -> None:
        """Return None: what it can say has no end."""

    def as_json(self) -> dict[str, Any]:
        """Return the labels and each stream's statistics."""
        streams = {name: one.as_json() for name, one in self.streams.items()}
        return {"labels": list(self.labels), "streams": streams}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the model of `as_json`."""
        streams = {name: NumericStream.from_json(one) for name, one in value["streams"].items()}
        if not streams:
            raise ValueError("no stream")
        return cls(tuple(value["labels"]), streams)


def _name(run: Run) -> str:
    return f"{run.agent}/{run.steps[0].name}" if run.steps else run.agent


def _surprise(stream: NumericStream, run: Run) -> Float:
    values = [np.nan if step.score is None else float(step.score) for step in run.steps]
    moments = [nanoseconds(step.time, "s") for step in run.steps]
    seconds = [-1 if moment is None else moment // _SECOND for moment in moments]
    return stream.surprise(values, seconds)
