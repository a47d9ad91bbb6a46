"""Evidence files as a stream of record batches: one interface over Parquet, CSV and NPZ."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import pyarrow as pa

from consilience.errors import BadInput

__all__ = ["SUFFIXES", "EvidenceSource", "check_suffix", "open_evidence", "refuse_duplicates"]

SUFFIXES = (".parquet", ".csv", ".npz")
"""The formats, chosen by suffix, for evidence and for results."""


class EvidenceSource(ABC):
    """An open evidence file: named columns of equal length, read once, front to back.

    Rows are numbered from 1 in messages; a CSV's header is not a row.

    Parameters
    ----------
    path : Path
        Where the file lies.
    columns : sequence of str
        Names of its columns, in file order.
    """

    agents_are_text: ClassVar[bool] = False
    """True where the format cannot tell an integer id from text (CSV)."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.columns = tuple(columns)

    @abstractmethod
    def batches(
        self, agent: str, numbers: Sequence[str], chunk_rows: int
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the columns `agent` and `numbers` in batches of at most `chunk_rows` rows.

        Raises
        ------
        BadInput
            The file is damaged, or a cell cannot be read as its column's type.
        """

    @abstractmethod
    def progress(self) -> tuple[int, int]:
        """Return (done, total) of `batches`, in rows or bytes."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def check_suffix(path: Path, role: str) -> str:
    """Return the lower-case suffix of `path`; BadInput if no format has it."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        shown = f"suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise BadInput(
            f"{path}: {role} has {shown}; the format is chosen by it: use {', '.join(SUFFIXES)}"
        )
    return suffix


def refuse_duplicates(path: Path, columns: Sequence[str]) -> None:
    """Raise BadInput if two columns share a name."""
    for position, name in enumerate(columns):
        if name in columns[:position]:
            raise BadInput(f"{path}: two columns are named {name!r}; rename one of them")


def open_evidence(path: Path) -> EvidenceSource:
    """Open an evidence file by its suffix and read its column names.

    Raises
    ------
    BadInput
        The file is missing, a directory, not readable, empty, of another format, damaged, or
        has two columns of one name.
    """
    # Imported here: each format imports this module for its base class.
    from consilience.evidence.csv_file import CsvFile
    from consilience.evidence.npz_file import NpzFile
    from consilience.evidence.parquet_file import ParquetSource

    if path.is_dir():
        raise BadInput(f"{path}: is a directory; name one evidence file")
    suffix = check_suffix(path, "the evidence file")
    try:
        if path.stat().st_size == 0:
            raise BadInput(f"{path}: the file is empty (zero bytes); write it again")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); check its rights") from None
    openers: dict[str, Callable[[Path], EvidenceSource]] = {
        ".parquet": ParquetSource.open,
        ".csv": CsvFile.open,
        ".npz": NpzFile.open,
    }
    source = openers[suffix](path)
    try:
        refuse_duplicates(path, source.columns)
    except BadInput:
        source.close()
        raise
    return source
