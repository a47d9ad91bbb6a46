"""Files of recorded runs, judged for a package."""

import hashlib
from pathlib import Path

from consilience.audit.session import Session
from consilience.audit.watch_record import RecordedWatch
from consilience.errors import BadInput
from consilience.monitor.file_lines import FileLines
from consilience.monitor.line_names import AS_THEY_ARE, NamedColumns
from consilience.monitor.parquet_lines import ParquetLines
from consilience.monitor.watch_options import WatchOptions

__all__ = ["date_of", "file_hash", "recorded_file"]


def recorded_file(
    path: Path,
    options: WatchOptions,
    seed: int,
    columns: NamedColumns = AS_THEY_ARE,
    *,
    goes_on: bool = False,
) -> Session:
    """Return the session of a file's lines, named as the file; `goes_on` as `RecordedWatch` has it.

    Raises
    ------
    BadInput
        The file cannot be read, or a line of it.
    """
    watch = RecordedWatch(options, seed, columns)
    parquet = path.suffix == ".parquet"
    source = ParquetLines(path, {}) if parquet else FileLines(path, {}, follow=False)
    try:
        for block in source.blocks():
            watch.judge(block)
    finally:
        source.close()
    return watch.session(path.name, goes_on=goes_on)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def date_of(text: str | None) -> int | None:
    """Return the seconds of SOURCE_DATE_EPOCH; BadInput if it is no such number."""
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 11:
        raise BadInput(f"SOURCE_DATE_EPOCH {text!r}: seconds since 1970, as 1790000000")
    return int(text)
