"""Evidence or scores of a user, read by the readers that `fuse` and `monitor` have."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.evidence.chunks import EvidenceChunks, ReadingOptions
from consilience.evidence.reading import SUFFIXES
from consilience.monitor.observation import What
from consilience.monitor.observation_lines import LineReader
from consilience.monitor.parquet_lines import ParquetLines
from consilience.numbers.arrays import Codes, Words

__all__ = ["Evidence", "Scores", "read_user_data"]


class Evidence(NamedTuple):
    """Rows of evidence: agent numbers (n,), codes (n, H), weights; an even prior."""

    agent: NDArray[np.int64]
    codes: Codes
    weight: Words | None
    hypotheses: tuple[str, ...]
    prior: Codes


class Scores(NamedTuple):
    """Whole runs in order: agent numbers and scores, binned as `consilience monitor` does."""

    agent: NDArray[np.int64]
    score: NDArray[np.int64]


def read_user_data(path: Path) -> Evidence | Scores:
    """Return what a file holds.

    Raises
    ------
    BadInput
        It is neither; the message names the cure.
    """
    if not path.is_file():
        raise BadInput(f"{path}: no such file; check the path")
    try:
        return _scores(path)
    except BadInput as not_scores:
        if path.suffix.lower() not in SUFFIXES:
            raise BadInput(
                f"{path}: no scores ({not_scores}); of traces make scores first: `consilience fit` "
                "and `consilience score`"
            ) from None
    return _evidence(path)


def _scores(path: Path) -> Scores:
    reader, agents, scores = LineReader(), [], []
    numbers: dict[object, int] = {}
    for number, line in _lines(path):
        seen = reader.read(line, number)
        if seen is None:
            continue
        if seen.what is not What.WHOLE or seen.score is None:
            raise BadInput(f"line {number}: an event; give whole runs, a row each: agent, score")
        agents.append(numbers.setdefault(seen.agent, len(numbers)))
        scores.append(seen.score)
    if not scores:
        raise BadInput("no runs")
    return Scores(np.array(agents, np.int64), np.array(scores, np.int64))


def _lines(path: Path) -> "list[tuple[int, bytes]]":
    if path.suffix.lower() == ".parquet":
        lines = ParquetLines(path, {})
        try:
            return [one for block in lines.blocks() for one in block]
        finally:
            lines.close()
    return list(enumerate(path.read_bytes().splitlines(keepends=True), 1))


def _evidence(path: Path) -> Evidence:
    with EvidenceChunks(path, ReadingOptions()) as chunks:
        parts = list(chunks)
        hypotheses = chunks.hypotheses
    weights = [one.weight for one in parts if one.weight is not None]
    even = -round(np.log2(len(hypotheses)) * (1 << 16))
    return Evidence(
        np.concatenate([one.agent for one in parts]),
        np.concatenate([one.codes for one in parts]),
        np.concatenate(weights) if weights else None,
        tuple(hypotheses),
        np.full(len(hypotheses), even, np.int32),
    )
