"""Results in the same formats as evidence, a block of agents at a time."""

import contextlib
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from consilience.errors import BadInput
from consilience.evidence.atomic_file import AtomicFile, naming
from consilience.evidence.reading import check_suffix

__all__ = ["ResultFile"]

_BLOCK_ROWS = 1 << 16
"""Agents per row group of Parquet: its bytes do not depend on the batches in which they come."""


class ResultFile:
    """A file of results, found to be writable before there are any; equal rows are equal bytes.

    A context manager: left without `commit`, nothing stays behind.

    Parameters
    ----------
    path : Path
        The suffix says the format: .parquet, .csv or .npz.
    overwrite : bool
        Replace an existing file.

    Raises
    ------
    BadInput
        No format has this suffix, or the file cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self._suffix = check_suffix(path, "the output")
        self._file = AtomicFile(path, overwrite=overwrite)
        self._writer: Any = None
        self.path = path

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows; the batches of a file have one schema."""
        with naming(self.path):
            if self._writer is None:
                self._writer = _WRITERS[self._suffix](self._file.file, batch.schema)
            self._writer.write_batch(batch)

    def commit(self) -> None:
        """Complete the file and give it its name."""
        with naming(self.path):
            self._writer.close()
        self._writer = None
        self._file.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # An abandoned Arrow writer is closed too; its last write may fail where the disk is full.
        if self._writer is not None:
            with contextlib.suppress(OSError, pa.ArrowException):
                getattr(self._writer, "abandon", self._writer.close)()
        self._file.__exit__()


class _ParquetWriter:
    """Parquet in row groups of `_BLOCK_ROWS` rows, in whatever batches they come."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(file, schema)
        self._waiting: list[pa.RecordBatch] = []

    def write_batch(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        if sum(one.num_rows for one in self._waiting) > _BLOCK_ROWS:
            self._write(rest=_BLOCK_ROWS)

    def close(self) -> None:
        self._write(rest=0)
        self._writer.close()

    def abandon(self) -> None:
        self._writer.close()

    def _write(self, rest: int) -> None:
        """Write what is waiting, but for the last `rest` rows or less."""
        table = pa.Table.from_batches(self._waiting).combine_chunks()
        written = 0
        while True:
            self._writer.write_table(table.slice(written, _BLOCK_ROWS))
            written += _BLOCK_ROWS
            if table.num_rows - written <= rest:
                break
        self._waiting = table.slice(written).to_batches()


class _NpzWriter:
    """NPZ keeps its columns one after the other, so they wait in memory, a row per agent."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._file = file
        self._batches: list[pa.RecordBatch] = []

    def write_batch(self, batch: pa.RecordBatch) -> None:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if column.type in (pa.string(), pa.large_string()):
                cut = column.filter(pc.ends_with(column, "\0"))
                if len(cut):
                    raise BadInput(
                        f"{name} {cut[0].as_py()!r} ends with NUL, which NPZ cuts; choose an --out "
                        "that ends in .parquet or .csv"
                    )
        self._batches.append(batch)

    def abandon(self) -> None:
        self._batches.clear()

    def close(self) -> None:
        table = pa.Table.from_batches(self._batches)
        with zipfile.ZipFile(self._file, "w") as archive:
            for name in table.column_names:
                column = table.column(name).to_numpy()
                # Text comes out of Arrow as objects; NPZ without pickles holds it as fixed width.
                values = column.astype(np.str_) if column.dtype.hasobject else column
                # A bare ZipInfo has a fixed date: equal results are equal files.
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, values, allow_pickle=False)


_WRITERS: dict[str, Any] = {
    ".parquet": _ParquetWriter,
    ".csv": arrow_csv.CSVWriter,
    ".npz": _NpzWriter,
}
