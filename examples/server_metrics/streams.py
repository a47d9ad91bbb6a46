"""Streams of a folder or an archive: CSV files with a timestamp and a value in each row."""

import csv
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.traces.span import nanoseconds

__all__ = ["DATA", "Stream", "read_streams"]

DATA = Path(__file__).parent / "data"
"""What is bundled."""

_COLUMNS = "timestamp", "value"
_SECOND = 10**9
_ARCHIVES = "streams.tar.*"


@dataclass(frozen=True)
class Stream:
    """One file.

    Parameters
    ----------
    name : str
        Its path below the folder.
    texts : list of (str, str)
        Timestamp and value of each row, as they stand there.
    values : (n,) float64
        NaN where there is none.
    seconds : (n,) int64
        Since 1970, -1 where there is no timestamp.
    """

    name: str
    texts: list[tuple[str, str]]
    values: NDArray[np.float64]
    seconds: NDArray[np.int64]

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return int(np.isnan(self.values).sum())

    def head(self, rows: int) -> "Stream":
        """Return the stream as it was after so many rows."""
        return Stream(self.name, self.texts[:rows], self.values[:rows], self.seconds[:rows])


def read_streams(path: Path) -> list[Stream]:
    """Read all CSV files of a folder, of a tar archive, or of the archive in a folder, by name.

    Rows keep their order, whatever their timestamps say.

    Raises
    ------
    BadInput
        Nothing to read, or a file whose rows are no timestamp and value.
    """
    archive = path
    if path.is_dir():
        archives = sorted(path.glob(_ARCHIVES))
        if not archives:
            return _streams(path, _files(path))
        archive = archives[0]
    try:
        with tarfile.open(archive) as tar:
            return _streams(path, _members(tar))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except (tarfile.TarError, EOFError):
        raise BadInput(f"{archive}: no folder and no tar archive; give one of CSV files") from None


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*.csv"):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in tar:
        name = PurePosixPath(member.name)
        if not member.isfile() or name.suffix != ".csv":
            continue
        if name.is_absolute() or ".." in name.parts:
            raise BadInput(f"{member.name}: a path that leads out of the archive; pack it anew")
        file = tar.extractfile(member)
        assert file is not None  # it is a plain file
        yield str(name), file.read()


def _streams(path: Path, files: Iterator[tuple[str, bytes]]) -> list[Stream]:
    found = [_stream(name, data) for name, data in sorted(files)]
    if not found:
        raise BadInput(f"{path}: no CSV file in it; give a folder or archive that has some")
    return found


def _stream(name: str, data: bytes) -> Stream:
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        header = [column.strip().lower() for column in next(rows, [])]
        if not set(_COLUMNS) <= set(header):
            raise BadInput(f"{name}: line 1 does not name columns timestamp and value; add them")
        when, what = (header.index(column) for column in _COLUMNS)
        texts: list[tuple[str, str]] = []
        values, seconds = [], []
        for row in rows:
            if not row:
                continue
            if len(row) != len(header):
                raise BadInput(
                    f"{name}: line {rows.line_num}: {len(row)} fields, not {len(header)}; "
                    "correct it"
                )
            texts.append((row[when], row[what]))
            values.append(_value(name, rows.line_num, row[what]))
            seconds.append(_moment(name, rows.line_num, row[when]))
    except UnicodeDecodeError:
        raise BadInput(f"{name}: is no UTF-8 text; give CSV files") from None
    except csv.Error as error:
        raise BadInput(f"{name}: is no CSV ({error}); correct it") from None
    if not texts:
        raise BadInput(f"{name}: has no rows; leave it out")
    return Stream(name, texts, np.array(values), np.array(seconds, np.int64))


def _value(name: str, line: int, text: str) -> float:
    if not text.strip():
        return np.nan
    try:
        number = float(text)
    except ValueError:
        number = np.inf
    if np.isinf(number):
        raise BadInput(f"{name}: line {line}: {text!r} is no finite number; correct or empty it")
    return number


def _moment(name: str, line: int, text: str) -> int:
    if not text.strip():
        return -1
    moment = nanoseconds(text.strip(), "s")
    if moment is None or moment < 0:
        raise BadInput(
            f"{name}: line {line}: {text!r} is no timestamp; write 2026-01-31 12:00:00, or seconds "
            "since 1970"
        )
    return moment // _SECOND
