"""Results in the same formats as evidence, a block of agents at a time."""

import contextlib
import zipfile
from abc import ABC, abstractmethod
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

__all__ = ["ResultWriter", "open_writer"]


class ResultWriter(ABC):
    """Writes record batches of one schema; nothing is complete before `finish`."""

    @abstractmethod
    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""

    @abstractmethod
    def finish(self) -> None:
        """Write what ends the file; the file itself stays open."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of an unfinished file."""


class _ArrowWriter(ResultWriter):
    """Parquet and CSV: Arrow's own writers."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def finish(self) -> None:
        self._writer.close()

    def abandon(self) -> None:
        # Closing writes once more, and fails once more where the disk is full.
        with contextlib.suppress(OSError):
            self._writer.close()


class _NpzWriter(ResultWriter):
    """NPZ keeps its columns one after the other, so they wait in memory, a row per agent."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._batches: list[pa.RecordBatch] = []

    def write(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)

    def finish(self) -> None:
        table = pa.Table.from_batches(self._batches)
        with zipfile.ZipFile(self._file, "w") as archive:
            for name in table.column_names:
                column = table.column(name).to_numpy()
                # Text comes out of Arrow as objects; NPZ without pickles holds it as fixed width.
                values = column.astype(np.str_) if column.dtype.hasobject else column
                # A bare ZipInfo has a fixed date: equal results are equal files.
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, values, allow_pickle=False)

    def abandon(self) -> None:
        self._batches.clear()


def open_writer(suffix: str, file: BinaryIO, schema: pa.Schema) -> ResultWriter:
    """Return the writer of the format with `suffix` (of `reading.SUFFIXES`) onto `file`."""
    if suffix == ".parquet":
        return _ArrowWriter(pq.ParquetWriter(file, schema))
    if suffix == ".csv":
        return _ArrowWriter(arrow_csv.CSVWriter(file, schema))
    return _NpzWriter(file)
