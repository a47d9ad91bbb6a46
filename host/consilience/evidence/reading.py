"""Evidence files opened by their suffix."""

from collections.abc import Callable
from pathlib import Path

from consilience.errors import BadInput
from consilience.evidence.csv_file import CsvFile
from consilience.evidence.npz_file import NpzFile
from consilience.evidence.parquet_file import ParquetSource
from consilience.evidence.source import EvidenceSource

__all__ = ["SUFFIXES", "check_suffix", "open_evidence"]

_OPENERS: dict[str, Callable[[Path], EvidenceSource]] = {
    ".parquet": ParquetSource,
    ".csv": CsvFile,
    ".npz": NpzFile,
}

SUFFIXES = tuple(_OPENERS)
"""The formats, chosen by suffix, for evidence and for results."""


def check_suffix(path: Path, role: str) -> str:
    """Return the lower-case suffix of `path`; BadInput if no format has it."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        shown = f"suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise BadInput(
            f"{path}: {role} has {shown}; the format is chosen by it: use {', '.join(SUFFIXES)}"
        )
    return suffix


def open_evidence(path: Path) -> EvidenceSource:
    """Open an evidence file by its suffix and read its column names.

    Raises
    ------
    BadInput
        The file is missing, a directory, not readable, empty, of another format, damaged, or
        has two columns of one name.
    """
    try:
        if path.is_dir():
            raise BadInput(f"{path}: is a directory; name one evidence file")
        suffix = check_suffix(path, "the evidence file")
        if path.exists() and not path.is_file():
            raise BadInput(f"{path}: is a pipe or a device; save what it gives to a file first")
        if path.stat().st_size == 0:
            raise BadInput(f"{path}: the file is empty (zero bytes); write it again")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise BadInput(
            f"{path}: cannot be read ({error.strerror}); check the path and its rights"
        ) from None
    source = _OPENERS[suffix](path)
    for position, name in enumerate(source.columns):
        if name in source.columns[:position]:
            source.close()
            raise BadInput(f"{path}: two columns are named {name!r}; rename one of them")
    return source
