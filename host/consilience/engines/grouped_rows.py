"""Rows of a table brought together by their group columns: numbers for groups, and their keys."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from consilience.errors import BadInput

__all__ = ["GroupedRows", "arrow_table", "grouped_rows", "integer_column", "whole_columns"]


class GroupedRows(NamedTuple):
    """Which group each row is of.

    Parameters
    ----------
    keys : pyarrow.Table
        The group columns, one row a group, ascending, NULL last.
    group : (n,) int64
        Of each row, its place in `keys`.
    """

    keys: pa.Table
    group: NDArray[np.int64]


def arrow_table(rows: Any) -> pa.Table:
    """Return rows as an Arrow table: a table, or anything with Arrow's stream interface."""
    if isinstance(rows, pa.Table):
        return rows
    if isinstance(rows, pa.RecordBatch):
        return pa.Table.from_batches([rows])
    if hasattr(rows, "__arrow_c_stream__"):
        return pa.table(rows)
    raise BadInput(f"rows must be an Arrow table or give one, not {type(rows).__name__}")


def whole_columns(schema: pa.Schema) -> None:
    """Raise BadInput at the first column that is no integer."""
    for field in schema:
        if not (pa.types.is_integer(field.type) or pa.types.is_null(field.type)):
            raise BadInput(f"column {field.name} must hold integers, not {field.type}")


def integer_column(table: pa.Table, name: str) -> NDArray[np.int64]:
    """Return a column of integers without NULL as int64; BadInput if it is none."""
    if name not in table.column_names:
        raise BadInput(f"no column {name}; the rows have {', '.join(table.column_names)}")
    column = table[name]
    whole = pa.types.is_integer(column.type) or (
        pa.types.is_decimal(column.type) and column.type.scale == 0
    )
    if column.null_count or (len(column) and not whole):
        raise BadInput(f"column {name} must hold integers, none of them NULL, not {column.type}")
    try:
        return np.asarray(column.cast(pa.int64()).to_numpy())
    except pa.ArrowInvalid as error:
        raise BadInput(f"column {name}: {error}") from None


def grouped_rows(table: pa.Table, by: Sequence[str]) -> GroupedRows:
    """Return the groups of rows; without group columns all rows are of one, be there any or not."""
    missing = [name for name in by if name not in table.column_names]
    if missing:
        raise BadInput(f"no column {missing[0]}; the rows have {', '.join(table.column_names)}")
    group = np.zeros(table.num_rows, np.int64)
    if not by:
        return GroupedRows(pa.table({"": pa.nulls(1)}), group)
    for number, name in enumerate(by):
        column = table[name]
        if pa.types.is_dictionary(column.type):  # which may have more words than are used
            column = column.cast(column.type.value_type)
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        places = np.asarray(encoded.indices.to_numpy(zero_copy_only=False)).astype(np.int64)
        if number == 0:
            group = places
            continue
        # Renumbered for each column, so that the product does not overflow.
        both = group * max(len(encoded.dictionary), 1) + places
        group = np.unique(both, return_inverse=True)[1].reshape(-1).astype(np.int64)
    count = int(group.max(initial=-1)) + 1
    first = np.full(count, table.num_rows, np.int64)
    np.minimum.at(first, group, np.arange(table.num_rows))
    keys = table.select(list(by)).take(first)
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in by]).to_numpy()
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    return GroupedRows(keys.take(order), rank[group])
