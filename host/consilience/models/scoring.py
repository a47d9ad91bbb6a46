"""Runs as a model sees them, in the tables that `consilience monitor` and `fuse` read."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.models.model_file import FittedModel
from consilience.models.run import Run

__all__ = ["Output", "tables_of"]

_BLOCK = 1 << 12
_ONE = 65536.0


class Output(StrEnum):
    """What is written of each run."""

    SCORES = "scores"
    """Its score, a row a run: for `consilience monitor`."""
    STEPS = "steps"
    """Its score after each step, as events: for monitor, which may then alarm before a run ends."""
    EVIDENCE = "evidence"
    """Log-likelihoods of each step and of the end: for `consilience fuse`."""
    RUNS = "runs"
    """Log-likelihoods of whole runs: for fuse, and for monitor --against."""


def tables_of(model: FittedModel, runs: Sequence[Run], what: Output, by_run: bool) -> Iterator[Any]:
    """Yield blocks of rows, runs in their order.

    Parameters
    ----------
    model : FittedModel
    runs : sequence of Run
    what : Output
    by_run : bool
        Evidence: each run by itself, its agent named AGENT/RUN.

    Raises
    ------
    BadInput
        Evidence of a model that has one hypothesis, or none.
    """
    if what in (Output.EVIDENCE, Output.RUNS):
        if len(model.labels) < 2:
            raise BadInput(
                "the model was fitted on known-good runs alone, so that there is nothing to weigh "
                "against it; write scores, or fit it with labels"
            )
        if clash := {"agent", "weight"} & {*model.labels}:
            raise BadInput(f"a label is named {clash.pop()!r}, as a column is; rename it")
    for first in range(0, len(runs), _BLOCK):
        part = runs[first : first + _BLOCK]
        if what is Output.SCORES:
            yield _scores(model, part)
        elif what is Output.STEPS:
            yield _events(model, part)
        else:
            yield _evidence(model, part, what is Output.RUNS, by_run)


def _scores(model: FittedModel, runs: Sequence[Run]) -> Any:
    finals = [_running(model, run)[-1] / _ONE for run in runs]
    return _batch(
        {
            "agent": pa.array([run.agent for run in runs], pa.string()),
            "run": pa.array([run.name for run in runs], pa.string()),
            "score": pa.array(finals, pa.float64()),
        }
    )


def _events(model: FittedModel, runs: Sequence[Run]) -> Any:
    rows: list[tuple[str, str, str, float | None]] = []
    for run in runs:
        running = _running(model, run) / _ONE
        rows.append((run.agent, run.name, "start", None))
        rows += [(run.agent, run.name, "score", float(one)) for one in running[:-1]]
        rows.append((run.agent, run.name, "end", float(running[-1])))
    names = ("agent", "run", "event", "score")
    kinds = (pa.string(), pa.string(), pa.string(), pa.float64())
    columns = zip(*rows, strict=True)
    return _batch({n: pa.array(list(c), k) for n, c, k in zip(names, columns, kinds, strict=True)})


def _evidence(model: FittedModel, runs: Sequence[Run], whole: bool, by_run: bool) -> Any:
    agents: list[str] = []
    blocks = []
    for run in runs:
        nats = model.score(run).nats
        assert nats is not None  # there are two labels, and then every kind has them
        rows = nats.sum(axis=0, keepdims=True) if whole else nats
        agents += [f"{run.agent}/{run.name}" if by_run else run.agent] * len(rows)
        blocks.append(rows)
    values = np.concatenate(blocks)
    columns = {"agent": pa.array(agents, pa.string())}
    columns |= {name: pa.array(values[:, h]) for h, name in enumerate(model.labels)}
    columns["weight"] = pa.array(np.full(len(values), model.weight, np.int64))
    return _batch(columns)


def _running(model: FittedModel, run: Run) -> NDArray[np.int64]:
    running = model.score(run).running
    assert running is not None
    return running


def _batch(columns: dict[str, pa.Array]) -> Any:
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
