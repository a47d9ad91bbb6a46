"""Rows of a Parquet file as the lines that a watch reads: JSON objects, numbered from 1."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from consilience.errors import BadInput
from consilience.monitor.line_source import CountedLines, place_of

__all__ = ["ParquetLines"]

_ROWS = 4096


class ParquetLines(CountedLines):
    """Lines of a Parquet file, from where a state left off; as `FileLines`, for what is whole.

    Parameters
    ----------
    path : Path
    place : dict
        What `place` gave; empty at the start.
    goes_on : bool
        If the file is another than that of the place, all its rows are new.

    Raises
    ------
    BadInput
        The file cannot be read, or is another than that of the place.
    """

    def __init__(self, path: Path, place: dict[str, Any], *, goes_on: bool = False) -> None:
        place = place_of(place, "Parquet file", goes_on)
        super().__init__(place)
        self._path, self._row = path, int(place.get("row", 0))
        try:
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
        except (OSError, pa.ArrowException) as error:
            raise BadInput(f"{path}: is no Parquet file that can be read ({error})") from None
        self._head = hashlib.sha256(str(self._file.metadata.to_dict()).encode()).hexdigest()
        if place and place.get("head") != self._head:
            self._row = 0
            if not goes_on:
                self._file.close()
                raise BadInput(
                    f"{path}: is another file than that of the state; pass --next if all its rows "
                    "are new, or begin anew with another --state"
                )

    @property
    def place(self) -> dict[str, Any]:
        """How far rows were given, as JSON holds it."""
        numbers = {"line": self.number, "row": self._row}
        return {"source": "Parquet file", **numbers, "head": self._head}

    def give_back(self, lines: list[bytes]) -> None:
        """Take back the last rows that were given: they were not counted."""
        self.number -= len(lines)
        self._row -= len(lines)

    def blocks(self) -> Iterator[list[tuple[int, bytes]]]:
        """Yield rows with their numbers, block by block."""
        first = 0
        for batch in self._batches():
            skipped = max(0, self._row - first)
            first += batch.num_rows
            rows = batch.to_pylist()[skipped:]
            lines = [json.dumps(row, default=str).encode() for row in rows]
            self._row += len(lines)
            if lines:
                yield self.numbered(lines)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._file.iter_batches(_ROWS)
        except (OSError, pa.ArrowException) as error:
            raise BadInput(f"{self._path}: a damaged Parquet file ({error})") from None
