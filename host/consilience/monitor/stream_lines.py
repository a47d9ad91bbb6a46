"""Lines of a stream: what comes only once is kept as it comes."""

import os
import select
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.evidence.atomic_file import naming, sync_folder
from consilience.monitor.line_source import (
    BLOCK,
    LONGEST,
    POLL_S,
    CountedLines,
    place_of,
    whole_lines,
)

__all__ = ["StreamLines"]

_SPOOL = 1 << 24


class StreamLines(CountedLines):
    """Lines of a stream, which come only once: kept in a folder until the state has counted them.

    Parameters
    ----------
    stream : int
        A file descriptor.
    folder : Path or None
        None: nothing is kept.
    place : dict
        What `place` gave; empty at the start.
    goes_on : bool
        The place may be that of a file.
    """

    def __init__(
        self, stream: int, folder: Path | None, place: dict[str, Any], *, goes_on: bool = False
    ) -> None:
        place = place_of(place, "stream", goes_on)
        super().__init__(place)
        self._stream, self._folder = stream, folder
        self._part = int(place.get("part", 0))
        self._kept = -1
        self.cut = 0
        """Bytes of a line without an end that the stream before this one left."""
        if folder is not None:
            self._open()

    @property
    def place(self) -> dict[str, Any]:
        """How far lines were given; asked for when the state is saved."""
        if self.offset > _SPOOL and self._is_counted():
            self._part, self.offset = self._part + 1, 0
            os.close(self._kept)
            self._open()
        numbers = {"offset": self.offset, "line": self.number, "part": self._part}
        return {"source": "stream", **numbers}

    def forget(self) -> None:
        """Remove what the state, now saved, does not need any more."""
        if self._folder is not None:
            for part in range(self._part):
                (self._folder / f"input-{part}").unlink(missing_ok=True)

    def blocks(self) -> Iterator[list[tuple[int, bytes]]]:
        """Yield lines with their numbers: first those that were kept and not counted."""
        rest = b""
        if self._kept >= 0:
            size = os.fstat(self._kept).st_size - self.offset
            yield self.numbered(whole_lines(os.pread(self._kept, size, self.offset))[0])
        while True:
            ready, _, _ = select.select([self._stream], [], [], POLL_S)
            if not ready:
                yield []
                continue
            block = os.read(self._stream, BLOCK)
            whole, newline, rest = (rest + block).rpartition(b"\n")
            if not block:
                whole, newline, rest = rest, b"\n" if rest else b"", b""
            if len(rest) > LONGEST:
                raise BadInput(f"line {self.number + 1} of the stream is longer than 1 MiB")
            lines = whole + newline
            if lines and self._kept >= 0:
                self._keep(lines)
            yield self.numbered(whole_lines(lines)[0])
            if not block:
                return

    def close(self) -> None:
        """Close what is kept."""
        if self._kept >= 0:
            os.close(self._kept)
            self._kept = -1

    @property
    def kept(self) -> Path | None:
        """The file that lines are kept in."""
        return self._path if self._folder is not None else None

    @property
    def _path(self) -> Path:
        assert self._folder is not None
        return self._folder / f"input-{self._part}"

    def _is_counted(self) -> bool:
        """Return whether all that is kept was given."""
        return self._kept >= 0 and os.fstat(self._kept).st_size == self.offset

    def _open(self) -> None:
        self._kept = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        sync_folder(self._path.parent)
        size = os.fstat(self._kept).st_size
        if size < self.offset:
            raise BadInput(f"{self._path}: is shorter than the state knows; restore it")
        # A kill can leave the beginning of a line; its rest will not come.
        data = os.pread(self._kept, size - self.offset, self.offset)
        self.cut = len(data) - (data.rfind(b"\n") + 1)
        os.ftruncate(self._kept, size - self.cut)

    def _keep(self, lines: bytes) -> None:
        with naming(self._path):
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._kept, rest) :]
            os.fsync(self._kept)
