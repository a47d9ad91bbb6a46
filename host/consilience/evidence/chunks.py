"""An evidence file as chunks of checked rows: agent numbers, codes and weights."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.devices.device import DeviceInfo
from consilience.errors import BadInput
from consilience.evidence.agents import AgentIndex, AgentType
from consilience.evidence.plausibility import Plausibility
from consilience.evidence.reading import open_evidence
from consilience.evidence.unit import Unit, quantise_in
from consilience.evidence.validation import (
    Rows,
    choose_columns,
    log_likelihoods,
    refuse_counters,
    weights,
)

__all__ = ["Chunk", "EvidenceChunks", "ReadingOptions"]


@dataclass(frozen=True)
class ReadingOptions:
    """How an evidence file is to be understood.

    Parameters
    ----------
    unit : Unit
        Unit of the log-likelihoods.
    agent_column : str
        Column of agent ids.
    agent_type : AgentType
        How the ids of a CSV are taken.
    hypotheses : tuple of str or None
        Columns of log-likelihoods; None: all others but reporter and time, in file order.
    weight_column : str or None
        Column of weights, 0 .. 65536; None: `weight` where there is one.
    chunk_rows : int
        Rows read at a time.
    strict : bool
        Refuse values that are probably not what they are taken for, in place of a warning.
    others : tuple of (str, str)
        Further columns to read: the option that names each, and its name.
    """

    unit: Unit = Unit.NATS
    agent_column: str = "agent"
    agent_type: AgentType = AgentType.AUTO
    hypotheses: tuple[str, ...] | None = None
    weight_column: str | None = None
    chunk_rows: int = 1 << 16
    strict: bool = False
    others: tuple[tuple[str, str], ...] = ()


class Chunk(NamedTuple):
    """Some rows: agent numbers (n,), codes (n, hypotheses), weights (n,) or None, other columns."""

    agent: NDArray[np.int64]
    codes: NDArray[np.int32]
    weight: NDArray[np.uint32] | None
    others: tuple[pa.Array, ...] = ()


class EvidenceChunks:
    """Opens an evidence file and gives its rows once, front to back.

    A context manager: leaving it closes the file.

    Parameters
    ----------
    path : Path
        The suffix says the format.
    options : ReadingOptions

    Attributes
    ----------
    agents : AgentIndex
        Numbers the agents of the rows so far.
    unused : tuple of str
        Columns of a reporter or a time that are neither hypotheses nor asked for.
    rows, saturated : int
        Rows so far, and values of theirs beyond the largest code.
    warnings : tuple of str
        What the rows look like if not log-likelihoods and weights, once all are read.

    Raises
    ------
    BadInput
        Anything wrong with the file, the columns or, while iterating, a row; at the end of a file
        without rows; and, if strict, in place of warnings.
    """

    def __init__(self, path: Path, options: ReadingOptions) -> None:
        self.path, self._options = path, options
        self.rows = self.saturated = 0
        self.warnings: tuple[str, ...] = ()
        with contextlib.ExitStack() as stack:
            self._source = stack.enter_context(open_evidence(path))
            self._columns = choose_columns(
                path,
                self._source.columns,
                agent=options.agent_column,
                hypotheses=options.hypotheses,
                weight=options.weight_column,
                index=self._source.index_columns,
                others=options.others,
            )
            self.agents = AgentIndex(
                options.agent_column, text=self._source.agents_are_text, kind=options.agent_type
            )
            self._stack = stack.pop_all()
        self.hypotheses = self._columns.hypotheses
        self.weighted = self._columns.weight is not None
        self.unused = self._columns.unused
        self._plausibility = Plausibility(len(self.hypotheses))

    def check_device(self, info: DeviceInfo) -> None:
        """Raise BadInput if a device takes fewer hypotheses than there are."""
        if len(self.hypotheses) > info.hypotheses:
            raise BadInput(
                f"{self.path}: {len(self.hypotheses)} hypotheses, but {info.url} takes at most "
                f"{info.hypotheses}; choose fewer with --hypotheses"
            )

    def __iter__(self) -> Iterator[Chunk]:
        columns = self._columns
        batches = self._source.batches(
            columns.agent, columns.numbers, self._options.chunk_rows, columns.others
        )
        # Closed with the file, not when its frame is collected: a reader may have threads.
        for batch in self._stack.enter_context(contextlib.closing(batches)):
            rows = Rows(self.path, self.rows + 1)
            values = log_likelihoods(batch, columns.hypotheses, rows)
            weight = None if columns.weight is None else weights(batch, columns.weight, rows)
            agent = self.agents.add(batch.column(columns.agent), rows)
            if not (self.rows or self._options.hypotheses):
                refuse_counters(values, columns.hypotheses, self.path)
            self._plausibility.look(values, weight)
            codes, saturated = quantise_in(self._options.unit, values)
            self.rows += batch.num_rows
            self.saturated += saturated
            others = tuple(batch.column(name) for name in columns.others)
            yield Chunk(agent, codes, weight, others)
        if not self.rows:
            raise BadInput(f"{self.path}: the file has no rows; write at least one observation")
        doubts = self._plausibility.doubts(self.hypotheses, columns.weight)
        self.warnings = tuple(f"{self.path}: {doubt}" for doubt in doubts)
        if self.warnings and self._options.strict:
            raise BadInput(self.warnings[0])

    def progress(self) -> tuple[int, int]:
        """Return (done, total), in rows or bytes."""
        return self._source.progress()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
