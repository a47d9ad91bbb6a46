"""Evidence from Parquet, batch by batch."""

import os
from collections.abc import Generator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from consilience.errors import BadInput
from consilience.evidence.source import EvidenceSource

__all__ = ["ParquetSource"]

_BUFFER_BYTES = 1 << 20
"""Read ahead per column."""


class ParquetSource(EvidenceSource):
    """A Parquet file; its own types say what is an integer, a number or text.

    Raises
    ------
    BadInput
        Its footer cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            # By default Arrow would read every column of a row group at once.
            file = pq.ParquetFile(
                pa.OSFile(os.fsencode(path), "rb"),  # bytes: a name need not be UTF-8
                buffer_size=_BUFFER_BYTES,
                pre_buffer=False,
                page_checksum_verification=True,
            )
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from None
        super().__init__(path, file.schema_arrow.names, file, file.metadata.num_rows)
        # An index that is a range is described by a dict, and is no column.
        index = (file.schema_arrow.pandas_metadata or {}).get("index_columns", [])
        self.index_columns = tuple(name for name in index if isinstance(name, str))

    def close(self) -> None:
        """Close the file."""
        self._file.close(force=True)

    def batches(
        self, agent: str, numbers: Sequence[str], chunk_rows: int, others: Sequence[str] = ()
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the named columns in batches of at most `chunk_rows` rows."""
        names = [agent, *numbers, *others]
        try:
            for batch in self._file.iter_batches(batch_size=chunk_rows, columns=names):
                self._done += batch.num_rows
                yield batch.select(names)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.path, error) from None


def _damaged(path: Path, error: Exception) -> BadInput:
    cause = str(error).partition("\n")[0]
    if isinstance(error, MemoryError):  # perhaps as much as a damaged number asks for
        return BadInput(f"{path}: {cause}; use a smaller --chunk-rows, or write the file again")
    return BadInput(f"{path}: not a whole Parquet file ({cause}); write or copy it again")
