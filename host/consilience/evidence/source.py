"""The interface over all formats of evidence: a file as a stream of record batches."""

from abc import abstractmethod
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from consilience.closing import Closes

__all__ = ["EvidenceSource"]


class EvidenceSource(Closes):
    """An open evidence file: named columns of equal length, read once, front to back.

    Rows are numbered from 1 in messages; a CSV's header is not a row.

    Parameters
    ----------
    path : Path
        Where the file lies.
    columns : sequence of str
        Names of its columns, in file order.
    file
        What `close` closes.
    total : int
        Its size in the unit of `progress`.
    """

    agents_are_text: ClassVar[bool] = False
    """True where the format cannot tell an integer id from text (CSV)."""

    index_columns: tuple[str, ...] = ()
    """Columns that the file itself says are a row index (pandas), not data."""

    def __init__(self, path: Path, columns: Sequence[str], file: Any, total: int = 0) -> None:
        self.path = path
        self.columns = tuple(columns)
        self._file = file
        self._done, self._total = 0, total

    @abstractmethod
    def batches(
        self, agent: str, numbers: Sequence[str], chunk_rows: int, others: Sequence[str] = ()
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the columns `agent`, `numbers`, `others` in batches of at most `chunk_rows` rows.

        `others` are of any type, as the file has it; in CSV they are text.

        Raises
        ------
        BadInput
            The file is damaged, or a cell cannot be read as its column's type.
        """

    def progress(self) -> tuple[int, int]:
        """Return (done, total) of `batches`, in rows or bytes."""
        return self._done, self._total

    def close(self) -> None:
        """Close the file."""
        self._file.close()
