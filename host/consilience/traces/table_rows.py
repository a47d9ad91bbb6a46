"""Rows of a table, as CSV or Parquet: one object a row."""

import ast
import csv
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from consilience.errors import BadInput
from consilience.traces.json_values import parsed
from consilience.traces.source import Source

__all__ = ["column_names", "rows_of", "written"]

_LONGEST_FIELD = 1 << 24


def column_names(source: Source) -> list[str]:
    """Return the names of the columns; none if this is no table."""
    if source.shape == "parquet":
        return list(_parquet(source).schema_arrow.names)
    if source.shape == "text":
        try:
            return next(csv.reader(source.first_lines(1)), [])
        except csv.Error:
            return []
    return []


def rows_of(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows with their numbers (lines, in CSV).

    Raises
    ------
    BadInput
        The table is damaged.
    """
    if source.shape == "parquet":
        yield from _parquet_rows(source)
        return
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        with source.open_text() as file:
            table = csv.DictReader(file, skipinitialspace=True)
            for row in table:
                if None in row or None in row.values():
                    raise BadInput(
                        f"{source.path}: line {table.line_num} has more or fewer cells than there "
                        "are columns; correct it, or copy the file again"
                    )
                yield table.line_num, row
    except csv.Error as error:
        raise BadInput(f"{source.path}: no CSV ({error}); write the file again") from None
    finally:
        csv.field_size_limit(before)


def written(value: Any) -> Any:
    """Return what a cell holds as text: JSON, or a list or object as Python writes it."""
    value = parsed(value)
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return value
    return value


def _parquet(source: Source) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(source.file)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(source, error) from None


def _parquet_rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        for batch in _parquet(source).iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield number, row
    except pa.ArrowException as error:
        raise _damaged(source, error) from None


def _damaged(source: Source, error: Exception) -> BadInput:
    told = " ".join(str(error).split())
    return BadInput(f"{source.path}: a damaged Parquet file ({told}); copy it again")
