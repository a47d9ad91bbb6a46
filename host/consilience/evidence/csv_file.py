"""Evidence from CSV, block by block, and the place of the first cell that cannot be read."""

import codecs
import csv
import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from consilience.errors import BadInput
from consilience.evidence.source import EvidenceSource

__all__ = ["CsvFile"]

_CURE = "save it as CSV, UTF-8, with commas"
_QUOTE = "is a quote or a comma missing?"
_LONGEST_ROW = 1 << 17
"""Bytes: Arrow reads blocks of so many, some sixteen ahead."""
_TEXT: Any = {"encoding": "utf-8-sig", "errors": "surrogateescape"}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class CsvFile(EvidenceSource):
    """A CSV file by RFC 4180: UTF-8, commas, a header line, quotes where needed.

    Every agent id is read as text and every number as binary64, so that no type is guessed
    from the first rows. A finite number beyond binary64 becomes the largest one, as -1e300 is only
    very unlikely: -inf would be impossible.

    Raises
    ------
    BadInput
        It has no header.
    """

    agents_are_text: ClassVar[bool] = True

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            other = _other_encoding(file.readline(_LONGEST_ROW))
        if other:
            raise BadInput(f"{path}: is {other}; {_CURE}")
        try:
            with path.open(newline="", **_TEXT) as text:
                header = next((row for row in csv.reader(text) if row), None)
        except csv.Error as error:
            raise BadInput(f"{path}: header: {error}; {_QUOTE}") from None
        if header is None:
            raise BadInput(f"{path}: the file has no header and no rows; write it again")
        if not all(map(_is_utf8, header)):
            raise BadInput(f"{path}: its header is not in UTF-8 (Latin-1?); {_CURE}")
        for mark, name in _SEPARATORS.items():
            if len(header) == 1 and mark in header[0]:
                raise BadInput(
                    f"{path}: its columns are separated by {name}; save it as CSV with commas"
                )
        # Arrow's own file: its threads read ahead, and one that waits for Python's would be killed
        # with the whole process if Python ends meanwhile.
        super().__init__(path, header, pa.OSFile(os.fsencode(path), "rb"), path.stat().st_size)

    def batches(
        self, agent: str, numbers: Sequence[str], chunk_rows: int, others: Sequence[str] = ()
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the named columns in batches of at most `chunk_rows` rows."""
        types = dict.fromkeys([agent, *numbers, *others], pa.string())
        try:
            with arrow_csv.open_csv(
                self._file,
                read_options=arrow_csv.ReadOptions(block_size=_LONGEST_ROW),
                parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=types,
                    include_columns=list(types),
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            ) as reader:
                for text in reader:
                    columns = [text.column(agent), *map(_as_numbers, map(text.column, numbers))]
                    columns += map(text.column, others)
                    block = pa.record_batch(columns, names=list(types))
                    for start in range(0, block.num_rows, chunk_rows):
                        yield block.slice(start, chunk_rows)
        except pa.ArrowMemoryError:  # no fault of the file
            raise
        except pa.ArrowException as error:
            if "Empty CSV file" in str(error):  # a header without an end of line
                return
            cause = str(error).partition("\n")[0]
            if "straddling" in cause:
                cause = f"a row of more than {_LONGEST_ROW:,} bytes"
            raise self._first_fault((agent, *others), numbers) or BadInput(
                f"{self.path}: not readable as CSV ({cause}); {_CURE}"
            ) from None

    def progress(self) -> tuple[int, int]:
        """Return the bytes read, and all bytes."""
        return self._file.tell(), self._total

    def _first_fault(self, texts: Sequence[str], numbers: Sequence[str]) -> BadInput | None:
        """Find the row and column that Arrow's message does not name, by reading once more."""
        places = [(self.columns.index(name), name) for name in (*texts, *numbers)]
        try:
            with self.path.open(newline="", **_TEXT) as text:
                lines = csv.reader(text)
                rows = (row for row in lines if row)
                next(rows, None)
                for number, row in enumerate(rows, start=1):
                    where = f"{self.path}: row {number} (line {lines.line_num})"
                    if len(row) != len(self.columns):
                        return BadInput(
                            f"{where}: {len(row)} cells where the header has "
                            f"{len(self.columns)}; add or remove commas"
                        )
                    for position, name in places:
                        if not _is_utf8(row[position]):
                            return BadInput(
                                f"{where}, column {name!r}: not in UTF-8 (Latin-1?); {_CURE}"
                            )
                        if name not in texts and not _is_number(row[position]):
                            return BadInput(
                                f"{where}, column {name!r}: {row[position]!r} is not a number; "
                                "correct it, or name the right columns with --hypotheses"
                            )
        except csv.Error as error:
            return BadInput(f"{self.path}: line {lines.line_num}: {error}; {_QUOTE}")
        return None


def _other_encoding(start: bytes) -> str:
    """Return what a file is by its first line if that is not UTF-8; empty if it may be.

    In words of 2 or 4 bytes the zeros of ASCII lie in every second place, or in three of four.
    """
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "in UTF-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "in UTF-16"
    zeros = sorted(start[place::4].count(0) for place in range(4))
    if not any(zeros):
        return ""
    most = len(start) // 8
    return "in UTF-32" if zeros[1] > most else "in UTF-16" if zeros[2] > most else "no text"


def _is_utf8(cell: str) -> bool:
    """Return whether a cell, read as `_TEXT` says, was in UTF-8."""
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_numbers(text: pa.Array) -> pa.Array:
    """Return text as binary64; what would overflow or vanish becomes the nearest that does not."""
    text = pc.utf8_trim_whitespace(text)
    values = pc.cast(text, pa.float64())
    size = np.finfo(np.float64)
    for suspect, spelling, nearest in (
        (pc.is_inf(values), "(?i)inf", size.max),
        (pc.equal(values, 0.0), "^[^eE]*[1-9]", size.smallest_subnormal),
    ):
        if pc.any(suspect).as_py():
            matches = pc.match_substring_regex(text, spelling)
            wrong = pc.and_(suspect, pc.invert(matches) if nearest > 1 else matches)
            signed = pc.if_else(pc.starts_with(text, "-"), -float(nearest), float(nearest))
            values = pc.if_else(wrong, signed, values)
    return values


def _is_number(cell: str) -> bool:
    """Return whether Arrow reads `cell` as a number; an empty cell is missing, not malformed."""
    try:
        float(cell or 0)
    except ValueError:
        return False
    return "_" not in cell
