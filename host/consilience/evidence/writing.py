"""Results in the same formats as evidence, a block of agents at a time."""

import contextlib
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from consilience.evidence.atomic_file import AtomicFile
from consilience.evidence.reading import check_suffix

__all__ = ["ResultFile"]


class ResultFile:
    """A file of results, found to be writable before there are any.

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
        if self._writer is None:
            self._writer = _WRITERS[self._suffix](self._file.file, batch.schema)
        self._writer.write_batch(batch)

    def commit(self) -> None:
        """Complete the file and give it its name."""
        self._writer.close()
        self._writer = None
        self._file.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # An abandoned Arrow writer is closed too; its last write may fail where the disk is full.
        if self._writer is not None and not isinstance(self._writer, _NpzWriter):
            with contextlib.suppress(OSError):
                self._writer.close()
        self._file.__exit__()


class _NpzWriter:
    """NPZ keeps its columns one after the other, so they wait in memory, a row per agent."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._file = file
        self._batches: list[pa.RecordBatch] = []

    def write_batch(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)

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
    ".parquet": pq.ParquetWriter,
    ".csv": arrow_csv.CSVWriter,
    ".npz": _NpzWriter,
}
