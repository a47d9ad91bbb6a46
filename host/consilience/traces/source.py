"""A file as formats see it: an archive, a table, text, one JSON document, or many JSON values."""

import codecs
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from consilience.errors import BadInput

__all__ = ["Source"]

_HEAD = 64
_BLOCK = 1 << 18
_SUFFIXES_OF_LINES = {".jsonl", ".ndjson"}


class Source:
    """One file, opened as often as a reader needs it.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    shape : str
        zip, parquet, json (one document), lines (JSON values one after another) or text.
    head : list
        The first JSON values; the document itself if there is one.
    broken : int
        Lines that are no JSON, of those that `numbered` gave so far.

    Raises
    ------
    BadInput
        The file cannot be read, is empty, or is broken JSON.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken = 0
        self.head: list[Any] = []
        self._values: list[Any] | None = None
        try:
            with path.open("rb") as file:
                magic = file.read(4)
        except OSError as error:
            raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
        if not magic:
            raise BadInput(f"{path}: is empty; give a file that holds a trace")
        self._zipped = magic[:2] == b"\x1f\x8b"
        if magic == b"PK\x03\x04":
            self.shape = "zip"
        elif magic == b"PAR1":
            self.shape = "parquet"
        else:
            self.shape = self._shape_of_text()

    @property
    def stem(self) -> str:
        """The file's name without its endings."""
        return self.path.name.split(".")[0]

    def open_text(self) -> TextIO:
        """Open the file as text; what is no UTF-8 becomes a replacement character."""
        return io.TextIOWrapper(
            self._open_bytes(), encoding="utf-8-sig", errors="replace", newline=""
        )

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """Yield JSON values with the numbers of their lines (values, where these span lines)."""
        if self._values is not None:
            yield from enumerate(self._values, 1)
            return
        self.broken = 0
        with self._open_bytes() as file:
            for number, line in enumerate(file, 1):
                written = line.strip().removeprefix(codecs.BOM_UTF8)
                if not written:
                    continue
                try:
                    value = json.loads(written.decode(errors="replace"))
                except (ValueError, RecursionError):
                    self.broken += 1
                    continue
                yield number, value

    def values(self) -> Iterator[Any]:
        """Yield JSON values."""
        for _, value in self.numbered():
            yield value

    def first_lines(self, count: int) -> list[str]:
        """Return the first lines of text that are not blank."""
        lines: list[str] = []
        with self.open_text() as file:
            for line in file:
                if line.strip():
                    lines.append(line.rstrip("\r\n"))
                if len(lines) == count:
                    break
        return lines

    def _open_bytes(self) -> BinaryIO:
        if self._zipped:
            return io.BufferedReader(gzip.GzipFile(self.path), _BLOCK)
        return io.BufferedReader(io.FileIO(self.path), _BLOCK)

    def _shape_of_text(self) -> str:
        try:
            lines = self.first_lines(_HEAD)
        except (OSError, EOFError) as error:
            raise BadInput(f"{self.path}: a damaged gzip file ({error}); copy it again") from None
        if not lines:
            raise BadInput(f"{self.path}: is blank; give a file that holds a trace")
        parsed = [_parsed(line) for line in lines]
        whole = [value for value, good in parsed if good and isinstance(value, dict | list)]
        if len(lines) == 1:
            return self._one_line(lines[0].lstrip(), *parsed[0])
        if (parsed[0][1] and whole) or 2 * len(whole) > len(lines):
            self.head = whole
            return "lines"
        if lines[0].lstrip()[0] not in "{[":
            return "text"
        try:
            return self._document()
        except BadInput:
            if not any(isinstance(value, dict) for value in whole):
                raise
            self.head = whole  # JSON lines of which many are broken, and the first
            return "lines"

    def _one_line(self, line: str, value: Any, good: bool) -> str:
        if good and isinstance(value, dict | list):
            self.head = self._values = [value]
            return "lines" if set(self.path.suffixes) & _SUFFIXES_OF_LINES else "json"
        return self._document() if line[0] in "{[" else "text"

    def _document(self) -> str:
        """Read a JSON document, or several that were written one after another."""
        with self.open_text() as file:
            text = file.read()
        decoder, values, place = json.JSONDecoder(), [], 0
        try:
            while True:
                while place < len(text) and (text[place].isspace() or text[place] == ","):
                    place += 1
                if place == len(text):
                    break
                value, place = decoder.raw_decode(text, place)
                values.append(value)
        except ValueError as error:
            if not values:
                raise BadInput(
                    f"{self.path}: broken JSON ({error}); write the file again, whole"
                ) from None
            self.broken = 1
        except RecursionError:
            raise BadInput(f"{self.path}: JSON nested too deep; give a flatter file") from None
        self._values = values
        self.head = values[:_HEAD]
        return "json" if len(values) == 1 else "lines"


def _parsed(line: str) -> tuple[Any, bool]:
    try:
        return json.loads(line), True
    except (ValueError, RecursionError):
        return None, False
