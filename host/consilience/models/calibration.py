"""Scores of known-good runs to a frozen table: its edges from a part of them, its counts from the
rest."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from consilience.errors import BadInput
from consilience.monitor.frozen_bytes import LEAST_RUNS
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.line_fields import binned
from consilience.monitor.observation import What
from consilience.monitor.observation_lines import LineReader
from consilience.monitor.parquet_lines import ParquetLines

__all__ = ["LEAST", "edges_of", "frozen_of", "read_scores"]

_PART = 5
LEAST = LEAST_RUNS * _PART // (_PART - 1)
"""Runs: a fifth for the edges, 1,000 for the counts."""
_LOWER = (1, 4), (1, 2)


def read_scores(path: Path, low_is_suspect: bool) -> list[int]:
    """Return the scores of whole runs, binned, in the file's order.

    Parameters
    ----------
    path : Path
        As `consilience monitor` reads it: CSV, JSON lines or Parquet with agent and score.
    low_is_suspect : bool

    Raises
    ------
    BadInput
        It cannot be read, or a line cannot be understood.
    """
    reader = LineReader(low_is_suspect=low_is_suspect)
    found: dict[object, int] = {}
    try:
        if path.suffix == ".parquet":
            lines = [line for block in ParquetLines(path, {}).blocks() for line in block]
        else:
            lines = list(enumerate(path.read_bytes().splitlines(), 1))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); check the path") from None
    for number, line in lines:
        try:
            seen = reader.read(line, number)
        except BadInput as error:
            if "no column" in str(error) or "--" in str(error):
                raise BadInput(
                    f"{path}: no columns agent and score; `consilience score` writes them"
                ) from None
            raise BadInput(f"{path}: {error}") from None
        if seen is None or (seen.score is None and seen.what is not What.WHOLE):
            continue
        if seen.score is None:
            raise BadInput(f"{path}: line {number}: no score; give a number, or leave the line out")
        key: object = number if seen.what is What.WHOLE else (seen.agent, seen.run)
        found[key] = max(found.get(key, seen.score), seen.score)
    if not found:
        raise BadInput(f"{path}: no scores in it; a line is a run: agent,score")
    return list(found.values())


def edges_of(scores: Sequence[int]) -> list[int]:
    """Return edges of bins that halve above the median, as high scores are what tables bet on."""
    ordered, count = np.sort(np.array(scores, np.int64)), len(scores)
    places = [a * count // b for a, b in _LOWER]
    above = count // 2
    while above > 1:
        above //= 2
        places.append(count - above)
    # An edge is the lowest score of the bin above it: one above the quantile's run.
    edges = {int(ordered[place - 1]) + 1 for place in places if 0 < place < count}
    return sorted(edge for edge in edges if edge <= int(ordered[-1]))


def frozen_of(
    scores: Sequence[int],
    edges: Sequence[float] | None,
    kappas: Sequence[str],
    delta: str,
    low_is_suspect: bool,
) -> FrozenTable:
    """Return the table.

    Parameters
    ----------
    scores : sequence of int
        Of known-good runs.
    edges : sequence of float or None
        In the scores' own unit, fixed without seeing them; None: of the first fifth of the runs,
        which then are not counted.
    kappas, delta
        See `FrozenTable.fit`.
    low_is_suspect : bool

    Raises
    ------
    BadInput
        Too few runs, or all of one score.
    """
    if edges is None:
        if len(scores) < LEAST:
            raise BadInput(
                f"{len(scores):,} runs: {LEAST - len(scores):,} more are needed, a fifth to choose "
                f"bins by and {LEAST_RUNS:,} to count; with fewer, `consilience monitor` ranks them"
            )
        part = len(scores) // _PART
        cut, rest = edges_of(scores[:part]), scores[part:]
        if not cut:
            raise BadInput("nearly all scores are equal; a table can tell nothing from them")
    else:
        cut, rest = sorted({binned(edge, low_is_suspect) for edge in edges}), scores
    return FrozenTable.fit_scores(np.array(rest, np.int64), np.array(cut, np.int64), kappas, delta)
