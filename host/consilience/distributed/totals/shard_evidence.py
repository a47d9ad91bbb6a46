"""The part of an evidence file that one shard accounts for."""

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.errors import BadInput
from consilience.evidence.agents import AgentIndex, AgentType
from consilience.evidence.reading import open_evidence
from consilience.evidence.unit import Unit, quantise_in
from consilience.evidence.validation import Rows, choose_columns, log_likelihoods, weights

__all__ = ["ShardEvidence", "parse_shard", "shard_of"]


def shard_of(agent: int | str, shards: int) -> int:
    """Return the shard, 1 .. `shards`, of an agent: CRC-32 of its id as text, modulo."""
    return zlib.crc32(str(agent).encode()) % shards + 1


def parse_shard(text: str) -> tuple[int, int]:
    """Return (K, N) of ``K/N``; BadInput unless 1 <= K <= N."""
    left, sign, right = text.partition("/")
    if sign and left.isdecimal() and right.isdecimal() and 1 <= int(left) <= int(right) < 1 << 32:
        return int(left), int(right)
    raise BadInput(f"--shard {text!r} is no K/N with 1 <= K <= N; give one as 1/8")


class ShardEvidence:
    """Reads an evidence file as `consilience fuse` does and keeps the agents of one shard.

    Parameters
    ----------
    path : Path
    shard, shards : int
    unit : Unit
    chunk_rows : int
        Rows of the file to a part.

    Raises
    ------
    BadInput
        Anything wrong with the file or its columns.
    """

    def __init__(
        self, path: Path, shard: int, shards: int, unit: Unit, chunk_rows: int = 1 << 16
    ) -> None:
        self._shard, self._shards, self._unit, self._chunk = shard, shards, unit, chunk_rows
        self._source = open_evidence(path)
        try:
            self._columns = choose_columns(
                path, self._source.columns, agent="agent", hypotheses=None, weight=None
            )
        except BadInput:
            self._source.close()
            raise
        self.hypotheses = self._columns.hypotheses

    def parts(self) -> Iterator[EvidenceSums]:
        """Yield the sums of the shard's rows, chunk by chunk of the file; some may be empty."""
        columns, source = self._columns, self._source
        index = AgentIndex(columns.agent, text=source.agents_are_text, kind=AgentType.AUTO)
        batches = source.batches(columns.agent, columns.numbers, self._chunk)
        first = 1
        with contextlib.closing(batches):
            for batch in batches:
                rows = Rows(source.path, first)
                first += batch.num_rows
                values = log_likelihoods(batch, columns.hypotheses, rows)
                weight = None if columns.weight is None else weights(batch, columns.weight, rows)
                index.add(batch.column(columns.agent), rows)
                ids = batch.column(columns.agent).to_pylist()
                if index.text_is_integers:
                    ids = [int(agent) for agent in ids]
                shard = {agent: shard_of(agent, self._shards) for agent in set(ids)}
                own = np.array([shard[agent] == self._shard for agent in ids], np.bool_)
                codes, _ = quantise_in(self._unit, values)
                agents = [agent for agent, mine in zip(ids, own, strict=True) if mine]
                yield EvidenceSums(self.hypotheses).add(
                    agents, codes[own], None if weight is None else weight[own]
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._source.close()
