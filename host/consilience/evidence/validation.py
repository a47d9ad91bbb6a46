"""Which columns mean what, and whether every value in them can be evidence."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience_hw.spec.number_formats import ONE

__all__ = [
    "BESIDE",
    "EvidenceColumns",
    "Rows",
    "choose_columns",
    "log_likelihoods",
    "nearest",
    "refuse_counters",
    "weights",
]

DEFAULT_WEIGHT = "weight"
BESIDE = ("reporter", "time")
"""Columns that say who reported a row, and when: hypotheses only if they are named."""
_INDEX = re.compile(
    r"unnamed: ?\d+|__index_level_\d+__|index|level_\d+|id|row([ _]?(id|no|num|number))?",
    re.IGNORECASE,
)
"""Names that pandas and spreadsheets give to the numbers of rows."""
_FEWEST_COUNTED = 4
"""Rows from which on a column that counts them is taken for a counter."""


@dataclass(frozen=True)
class EvidenceColumns:
    """The columns of an evidence file by meaning.

    `weight` is None where every row counts 1; `others` are read, too; `unused` are those of
    `BESIDE` that are not.
    """

    agent: str
    hypotheses: tuple[str, ...]
    weight: str | None
    others: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that hold numbers."""
        return self.hypotheses if self.weight is None else (*self.hypotheses, self.weight)


@dataclass(frozen=True)
class Rows:
    """Where a batch lies: the file, and the number of the batch's first row, from 1."""

    path: Path
    first: int

    def fault(self, index: int, column: str, message: str) -> BadInput:
        """Return the error for the batch's row `index`."""
        return BadInput(f"{self.path}: row {self.first + index}, column {column!r}: {message}")


def nearest(name: str, names: Iterable[str]) -> str:
    """Return a hint with the most similar of `names`, or with all of them."""
    known = list(names)
    if not known:
        return "there are no columns"
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"the columns are {', '.join(known)}"


def choose_columns(
    path: Path,
    columns: Sequence[str],
    *,
    agent: str,
    hypotheses: Sequence[str] | None,
    weight: str | None,
    index: Sequence[str] = (),
    others: Sequence[tuple[str, str]] = (),
) -> EvidenceColumns:
    """Give every column its meaning.

    Parameters
    ----------
    path : Path
        The file, for messages.
    columns : sequence of str
        The columns of the file, in order.
    agent : str
        The column of agent ids.
    hypotheses : sequence of str or None
        The columns of log-likelihoods; None: all other than agent and weight, in file order.
    weight : str or None
        The column of weights; None: `weight` where the file has it.
    index : sequence of str
        Columns that the file says are a row index: hypotheses only if they are named.
    others : sequence of (str, str)
        Further columns that are wanted: the option that names each, and its name.

    Raises
    ------
    BadInput
        A column is missing or has two meanings, there are fewer than two hypotheses, or a column
        that nobody named looks like a misspelt one.
    """
    if weight is None and DEFAULT_WEIGHT in columns and DEFAULT_WEIGHT not in (hypotheses or ()):
        weight = DEFAULT_WEIGHT
    named = [("--agent-column", agent)]
    named += [("--weight-column", weight)] if weight is not None else []
    named += [("--hypotheses", name) for name in hypotheses or ()]
    named += others
    for option, name in named:
        if name not in columns:
            raise BadInput(f"{path}: no column {name!r} ({option}); {nearest(name, columns)}")
    taken = [name for _, name in named]
    for name in taken:
        if taken.count(name) > 1:
            raise BadInput(f"{path}: column {name!r} is named twice in the options; name it once")
    if hypotheses is None:
        beside = (*taken, *index, *BESIDE)
        hypotheses = [name for name in columns if name not in beside]
        for name in hypotheses:
            if not name.strip():
                raise BadInput(f"{path}: a column has no name; name it, or choose --hypotheses")
            _refuse_misspelt_weight(path, name, weight)
            if _INDEX.fullmatch(name.strip()):
                raise _index_taken(path, name)
    if len(hypotheses) < 2:
        found = ", ".join(hypotheses) or "none"
        raise BadInput(
            f"{path}: two or more hypothesis columns are needed, found {found}; "
            "give one log-likelihood column per hypothesis"
        )
    unused = tuple(name for name in BESIDE if name in columns and name not in taken)
    extra = tuple(name for _, name in others)
    return EvidenceColumns(agent, tuple(hypotheses), weight, extra, unused)


def _refuse_misspelt_weight(path: Path, name: str, weight: str | None) -> None:
    """Refuse a column that would silently become a hypothesis by a typing error."""
    spelling = name.strip().lower()
    if weight is None and difflib.get_close_matches(spelling, [DEFAULT_WEIGHT], cutoff=0.8):
        raise BadInput(
            f"{path}: column {name!r} would be a hypothesis but looks like {DEFAULT_WEIGHT!r}; "
            "rename it, or say what it is with --weight-column or --hypotheses"
        )


def refuse_counters(values: NDArray[np.float64], names: Sequence[str], path: Path) -> None:
    """Raise BadInput if a column of the file's first rows counts them from 0 or 1."""
    count = np.arange(len(values), dtype=np.float64)
    for name, column in zip(names, values.T, strict=True):
        if (
            len(values) >= _FEWEST_COUNTED
            and column[0] in (0, 1)
            and (column - column[0] == count).all()
        ):
            raise _index_taken(path, name)


def _index_taken(path: Path, name: str) -> BadInput:
    return BadInput(
        f"{path}: column {name!r} would be a hypothesis but looks like the number of a row; leave "
        "it out of the file, or name the hypotheses with --hypotheses"
    )


def log_likelihoods(batch: pa.RecordBatch, names: Sequence[str], rows: Rows) -> NDArray[np.float64]:
    """Return the columns `names` as binary64, shape (rows, hypotheses); -inf is legal.

    Raises
    ------
    BadInput
        A column is not of numbers, or a value is missing, NaN or positive infinity.
    """
    values = np.empty((batch.num_rows, len(names)), np.float64)
    for position, name in enumerate(names):
        column = _numbers(batch.column(name), name, rows)
        values[:, position] = column
        bad = np.isnan(column) | (column == np.inf)
        if bad.any():
            index = int(bad.argmax())
            if np.isnan(column[index]):
                raise rows.fault(index, name, "NaN; give a number, or -inf for impossible")
            raise rows.fault(
                index, name, "positive infinity; no likelihood is infinite, give a finite number"
            )
    return values


def weights(batch: pa.RecordBatch, name: str, rows: Rows) -> NDArray[np.uint32]:
    """Return the column `name` as weights 0 .. 65536, shape (rows,); BadInput at any other."""
    column = _numbers(batch.column(name), name, rows)
    # The negation also finds NaN.
    bad = ~((column >= 0) & (column <= ONE) & (column == np.floor(column)))
    if bad.any():
        index = int(bad.argmax())
        raise rows.fault(
            index, name, f"weight {column[index]:g}; give an integer 0 .. {ONE} ({ONE} = 1)"
        )
    return column.astype(np.uint32)


def _numbers(column: pa.Array, name: str, rows: Rows) -> NDArray[np.float64]:
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise BadInput(
            f"{rows.path}: column {name!r} holds {kind}, not numbers; convert it, or name the "
            "right columns with --hypotheses"
        )
    if column.null_count:
        index = int(pc.index(pc.is_null(column), True).as_py())
        raise rows.fault(index, name, "the cell is empty; every row needs a number")
    values: NDArray[np.float64] = column.to_numpy(zero_copy_only=False).astype(
        np.float64, copy=False
    )
    return values
