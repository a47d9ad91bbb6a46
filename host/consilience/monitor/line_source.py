"""Where lines come from: a file that may grow, or a stream that is kept as it comes."""

import hashlib
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.evidence.atomic_file import naming, sync_folder

__all__ = ["FileLines", "StreamLines", "refuse_other_source"]

_BLOCK = 1 << 18
_LONGEST = 1 << 20
_POLL_S = 0.2
_KNOWN = 4096
_SPOOL = 1 << 24


class _CountedLines:
    """Counts the lines and the bytes that were given, from where a state left off."""

    def __init__(self, place: dict[str, Any], kind: str) -> None:
        refuse_other_source(place, kind)
        self.offset, self.number = int(place.get("offset", 0)), int(place.get("line", 0))

    def give_back(self, lines: list[bytes]) -> None:
        """Take back the last lines that were given: they were not counted."""
        self.offset -= sum(map(len, lines))
        self.number -= len(lines)

    def _numbered(self, lines: list[bytes]) -> list[tuple[int, bytes]]:
        first = self.number + 1
        self.number += len(lines)
        self.offset += sum(map(len, lines))
        return list(enumerate(lines, first))


class FileLines(_CountedLines):
    """Lines of a file, from where a state left off.

    Parameters
    ----------
    path : Path
    place : dict
        What `place` gave; empty at the start.
    follow : bool
        Wait for what is appended, for ever.
    whole : bool
        Leave a last line without its newline for the next start: more of it may come.

    Raises
    ------
    BadInput
        The file is not there, or another than that of the place.
    """

    def __init__(
        self, path: Path, place: dict[str, Any], *, follow: bool, whole: bool = False
    ) -> None:
        super().__init__(place, "file")
        self._path, self._follow, self._whole = path, follow, whole
        self.left = 0
        """Bytes of a last line without its newline, which is left for the next start."""
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
        if not path.is_file():
            self._file.close()
            raise BadInput(f"{path}: is no file; pipe a stream to `consilience monitor -`")
        if place and self._head(min(self.offset, _KNOWN)) != place["head"]:
            self._file.close()
            raise BadInput(
                f"{path}: begins with other lines than those that were counted, or is shorter; "
                "begin anew with another --state, or restore the file"
            )
        self._file.seek(self.offset)

    @property
    def place(self) -> dict[str, Any]:
        """How far lines were given, as JSON holds it."""
        head = self._head(min(self.offset, _KNOWN))
        return {"source": "file", "offset": self.offset, "line": self.number, "head": head}

    def blocks(self) -> Iterator[list[tuple[int, bytes]]]:
        """Yield lines with their numbers, block by block; an empty block where it has to wait."""
        rest = b""
        while True:
            block = self._file.read(_BLOCK)
            if not block and not self._follow:
                if rest and not self._whole:
                    yield self._numbered([rest])
                elif rest:
                    self.left = len(rest)
                return
            *lines, rest = (rest + block).split(b"\n")
            if len(rest) > _LONGEST:
                raise BadInput(f"{self._path}: line {self.number + 1} is longer than 1 MiB")
            yield self._numbered([line + b"\n" for line in lines])
            if not block:
                self._refuse_shortened()
                time.sleep(_POLL_S)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _head(self, size: int) -> str:
        return hashlib.sha256(os.pread(self._file.fileno(), size, 0)).hexdigest()

    def _refuse_shortened(self) -> None:
        if os.fstat(self._file.fileno()).st_size < self.offset:
            raise BadInput(f"{self._path}: became shorter while it was followed; lines are lost")


class StreamLines(_CountedLines):
    """Lines of a stream, which come only once: kept in a folder until the state has counted them.

    Parameters
    ----------
    stream : int
        A file descriptor.
    folder : Path or None
        None: nothing is kept.
    place : dict
        As of `FileLines`.
    """

    def __init__(self, stream: int, folder: Path | None, place: dict[str, Any]) -> None:
        super().__init__(place, "stream")
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
            yield self._numbered(_lines(os.pread(self._kept, size, self.offset)))
        while True:
            ready, _, _ = select.select([self._stream], [], [], _POLL_S)
            if not ready:
                yield []
                continue
            block = os.read(self._stream, _BLOCK)
            whole, newline, rest = (rest + block).rpartition(b"\n")
            if not block:
                whole, newline, rest = rest, b"\n" if rest else b"", b""
            if len(rest) > _LONGEST:
                raise BadInput(f"line {self.number + 1} of the stream is longer than 1 MiB")
            lines = whole + newline
            if lines and self._kept >= 0:
                self._keep(lines)
            yield self._numbered(_lines(lines))
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


def _lines(data: bytes) -> list[bytes]:
    return [line + b"\n" for line in data.split(b"\n")[:-1]]


def refuse_other_source(place: dict[str, Any], kind: str) -> None:
    """Raise BadInput if a state went on in another kind of source."""
    if place and place.get("source") != kind:
        raise BadInput(
            f"the state is of a {place.get('source')}, not of a {kind}; give the same source, or "
            "begin anew with another --state"
        )
