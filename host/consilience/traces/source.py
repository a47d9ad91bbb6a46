"""A file as formats see it: an archive, a table, text, one JSON document, or many JSON values."""

import codecs
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import pyarrow as pa

from consilience.errors import BadInput
from consilience.traces.json_values import parsed
from consilience.traces.packed_file import PackedFile
from consilience.traces.protobuf_frames import is_protobuf

__all__ = ["Source"]

_HEAD = 64
_SUFFIXES_OF_LINES = {".jsonl", ".ndjson"}
_STREAM = ("data:", "event:", "id:", "retry:", ":")
"""What lines of a stream of events begin with; those of data hold JSON."""
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


class Source:
    """One file, opened as often as a reader needs it.

    Parameters
    ----------
    path : Path
        `-` is standard input.

    Attributes
    ----------
    file : Path
        Where the bytes lie, packed if they are.
    shape : str
        zip, parquet, protobuf, json (one document), lines (JSON values one after another) or text.
    head : list
        The first JSON values; the document itself if there is one.
    broken : int
        Lines that are no JSON objects or lists, of those that `numbered` gave so far.
    doubts : list of str
        What a user should know of the file itself.

    Raises
    ------
    BadInput
        The file cannot be read, is empty, or is broken JSON.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken = 0
        self.head: list[Any] = []
        self.doubts: list[str] = []
        self._values: list[Any] | None = None
        self._streamed = False
        self._bytes = PackedFile(path)
        self.file = self._bytes.path
        magic = self._bytes.magic
        if magic in (b"PK\x03\x04", b"PK\x05\x06"):
            self.shape = "zip"
        elif magic == b"PAR1":
            self.shape = "parquet"
        else:
            try:
                self.shape = self._shape_of_bytes()
            except (OSError, EOFError, pa.ArrowException) as error:
                raise BadInput(f"{path}: a damaged packed file ({error}); copy it again") from None

    @property
    def stem(self) -> str:
        """The file's name without its endings."""
        return self.path.name.split(".")[0]

    def open_bytes(self) -> BinaryIO:
        """Open the unpacked bytes."""
        return self._bytes.open()

    def open_text(self) -> TextIO:
        """Open the file as text; what is no UTF-8 becomes a replacement character."""
        return io.TextIOWrapper(
            self.open_bytes(), encoding="utf-8-sig", errors="replace", newline=""
        )

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """Yield JSON values with the numbers of their lines (values, where these span lines)."""
        if self._values is not None:
            yield from enumerate(self._values, 1)
            return
        self.broken = 0
        with self.open_bytes() as file:
            for number, line in enumerate(file, 1):
                written = line.strip().removeprefix(codecs.BOM_UTF8)
                if self._streamed:
                    written = _data(written.decode(errors="replace")).encode()
                if not written:
                    continue
                try:
                    value = json.loads(written.decode(errors="replace"))
                except (ValueError, RecursionError):
                    value = None
                if not isinstance(value, dict | list):
                    value = parsed(value)  # some write JSON as a string of JSON
                    if not isinstance(value, dict | list):
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

    def _shape_of_bytes(self) -> str:
        with self.open_bytes() as file:
            first = file.read(5)
        with self.open_bytes() as file:
            if first[:2] not in _WIDE and is_protobuf(first, file):
                return "protobuf"
        lines = self.first_lines(_HEAD)
        if first[:2] in _WIDE or any("\0" in line for line in lines):
            raise BadInput(
                f"{self.path}: is no UTF-8 text, and no known archive; save it as UTF-8, or export "
                "it as JSON"
            )
        if not lines:
            raise BadInput(f"{self.path}: is blank; give a file that holds a trace")
        if any("\ufffd" in line for line in lines):
            self.doubts.append("some bytes are no UTF-8 and were replaced; save it as UTF-8")
        self._streamed = all(line.startswith(_STREAM) for line in lines)
        if self._streamed:
            lines = [data for data in map(_data, lines) if data]
        return self._shape_of_text(lines)

    def _shape_of_text(self, lines: list[str]) -> str:
        parsed_lines = [_parsed(line) for line in lines]
        whole = [value for value, good in parsed_lines if good and isinstance(value, dict | list)]
        if self._streamed:
            self.head = whole
            return "lines" if whole else "text"
        if len(lines) == 1:
            return self._one_line(lines[0].lstrip(), *parsed_lines[0])
        if (parsed_lines[0][1] and whole) or 2 * len(whole) > len(lines):
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
        value = parsed(value)  # some write JSON as a string of JSON
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


def _data(line: str) -> str:
    """Return what a line of a stream of events holds: nothing, unless it is data."""
    data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
    return "" if data == "[DONE]" else data


def _parsed(line: str) -> tuple[Any, bool]:
    try:
        return json.loads(line), True
    except (ValueError, RecursionError):
        return None, False
