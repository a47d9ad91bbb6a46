"""An evidence file as chunks of checked rows: agent numbers, codes and weights."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

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

__all__ = ["Chunk", "EvidenceChunks"]


class Chunk(NamedTuple):
    """Some rows: agent numbers (n,), codes (n, hypotheses), weights (n,) or None."""

    agent: NDArray[np.int64]
    codes: NDArray[np.int32]
    weight: NDArray[np.uint32] | None


class EvidenceChunks:
    """Opens an evidence file and gives its rows once, front to back.

    A context manager: leaving it closes the file.

    Parameters
    ----------
    path : Path
        The suffix says the format.
    unit : Unit
        Unit of the log-likelihoods.
    chunk_rows : int
        Most rows per chunk.
    agent, hypotheses, weight
        Names of columns, see `choose_columns`.
    agent_type : AgentType
        How the ids of a CSV are taken.

    Attributes
    ----------
    agents : AgentIndex
        Numbers the agents of the rows so far.
    rows, saturated : int
        Rows so far, and values of theirs beyond the largest code.

    Raises
    ------
    BadInput
        Anything wrong with the file, the columns or, while iterating, a row.
    """

    def __init__(
        self,
        path: Path,
        unit: Unit,
        chunk_rows: int = 1 << 16,
        *,
        agent: str = "agent",
        hypotheses: Sequence[str] | None = None,
        weight: str | None = None,
        agent_type: AgentType = AgentType.AUTO,
    ) -> None:
        self.path, self._unit, self._chunk_rows = path, unit, chunk_rows
        self.rows = self.saturated = 0
        with contextlib.ExitStack() as stack:
            self._source = stack.enter_context(open_evidence(path))
            self._columns = choose_columns(
                path,
                self._source.columns,
                agent=agent,
                hypotheses=hypotheses,
                weight=weight,
                index=self._source.index_columns,
            )
            self.agents = AgentIndex(agent, text=self._source.agents_are_text, kind=agent_type)
            self._stack = stack.pop_all()
        self.hypotheses = self._columns.hypotheses
        self.weighted = self._columns.weight is not None
        self._are_named = hypotheses is not None
        self._plausibility = Plausibility(len(self.hypotheses))

    @property
    def doubts(self) -> list[str]:
        """What the rows read so far look like if not log-likelihoods and weights."""
        return self._plausibility.doubts(self.hypotheses, self._columns.weight)

    def __iter__(self) -> Iterator[Chunk]:
        columns = self._columns
        batches = self._source.batches(columns.agent, columns.numbers, self._chunk_rows)
        # Closed with the file, not when its frame is collected: a reader may have threads.
        for batch in self._stack.enter_context(contextlib.closing(batches)):
            rows = Rows(self.path, self.rows + 1)
            values = log_likelihoods(batch, columns.hypotheses, rows)
            weight = None if columns.weight is None else weights(batch, columns.weight, rows)
            agent = self.agents.add(batch.column(columns.agent), rows)
            if not (self.rows or self._are_named):
                refuse_counters(values, columns.hypotheses, self.path)
            self._plausibility.look(values, weight)
            codes, saturated = quantise_in(self._unit, values)
            self.rows += batch.num_rows
            self.saturated += saturated
            yield Chunk(agent, codes, weight)

    def progress(self) -> tuple[int, int]:
        """Return (done, total), in rows or bytes."""
        return self._source.progress()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
