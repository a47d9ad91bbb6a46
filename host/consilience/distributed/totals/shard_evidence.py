"""The part of an evidence file that one shard accounts for."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.errors import BadInput
from consilience.evidence.chunks import EvidenceChunks, ReadingOptions

__all__ = ["ShardEvidence", "parse_shard", "shard_of"]

_SHARD = re.compile(r"([0-9]{1,10})/([0-9]{1,10})")


def shard_of(agent: int | str, shards: int) -> int:
    """Return the shard, 1 .. `shards`, of an agent: CRC-32 of its id as text, modulo."""
    return zlib.crc32(str(agent).encode()) % shards + 1


def parse_shard(text: str) -> tuple[int, int]:
    """Return (K, N) of ``K/N``; BadInput unless 1 <= K <= N."""
    found = _SHARD.fullmatch(text)
    if found and 1 <= int(found[1]) <= int(found[2]) < 1 << 32:
        return int(found[1]), int(found[2])
    raise BadInput(f"--shard {text!r} is no K/N with 1 <= K <= N; give one as 1/8")


class ShardEvidence(EvidenceChunks):
    """Reads an evidence file as `consilience fuse` does and keeps the agents of one shard.

    Parameters
    ----------
    path : Path
        The suffix says the format.
    shard, shards : int
        Number of the shard, from 1, and how many there are.
    options : ReadingOptions
        `chunk_rows` are the rows of the file per part. If strict, the file is read before, too.

    Raises
    ------
    BadInput
        Anything wrong with the file or its columns; if strict, also with its values.
    """

    def __init__(self, path: Path, shard: int, shards: int, options: ReadingOptions) -> None:
        if options.strict:  # refused before anything is acknowledged
            with EvidenceChunks(path, options) as whole:
                for _ in whole:
                    pass
        super().__init__(path, options)
        self._shard, self._shards = shard, shards

    def parts(self) -> Iterator[EvidenceSums]:
        """Yield the sums of the shard's rows, chunk by chunk of the file; some may be empty."""
        ids: list[int | str] = []
        own = np.zeros(0, np.bool_)
        for chunk in self:
            new = self.agents.ids(len(ids))
            ids += new
            held = [shard_of(agent, self._shards) == self._shard for agent in new]
            own = np.append(own, np.array(held, np.bool_))
            rows = own[chunk.agent]
            agents = pa.array([ids[number] for number in chunk.agent[rows]], self.agents.type)
            weight = None if chunk.weight is None else chunk.weight[rows]
            yield EvidenceSums(self.hypotheses).add(agents, chunk.codes[rows], weight)
