"""Lines of a file that may grow, and be renamed, copied and cut, or replaced while it is read.

Every line counts once: the next file under the name is read when the one before is at its end,
and what cannot be told stops the watch with a line that says so.
"""

import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.file_marks import Marks, copy_of, repeats
from consilience.monitor.line_source import (
    BLOCK,
    LONGEST,
    POLL_S,
    CountedLines,
    place_of,
    whole_lines,
)

__all__ = ["FileLines"]

_QUIET_S = 1.0
"""A file that has lost its name gets no line for so long before the next one is begun."""


class FileLines(CountedLines):
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
    goes_on : bool
        If the file is another than that of the place, all its lines are new.

    Raises
    ------
    BadInput
        The file is not there, or another than that of the place.
    """

    def __init__(
        self,
        path: Path,
        place: dict[str, Any],
        *,
        follow: bool,
        whole: bool = False,
        goes_on: bool = False,
    ) -> None:
        place = place_of(place, "file", goes_on)
        super().__init__(place)
        self._path, self._follow, self._whole = path, follow, whole
        self.left = 0
        """Bytes of a last line without its newline, which is left for the next start."""
        self._before = -1
        self._quiet_since: float | None = None
        self._file = self._opened(path)
        try:
            self._find(place, goes_on)
        except BaseException:
            self.close()
            raise

    @property
    def place(self) -> dict[str, Any]:
        """How far lines were given, as JSON holds it."""
        return {
            "source": "file",
            "line": self.number,
            "inode": _inode(self._file),
            **self._marks._asdict(),
        }

    def blocks(self) -> Iterator[list[tuple[int, bytes]]]:
        """Yield lines with their numbers, block by block; an empty block where it has to wait."""
        while True:
            rest = yield from self._to_the_end()
            if self._goes_on_in_next(rest):
                continue
            if not self._follow:
                if rest and not self._whole:
                    yield self._given([rest])
                self.left = len(rest) if self._whole else 0
                return
            yield []
            time.sleep(POLL_S)
            self._refuse_late_lines()
            if not self._marks.fit(self._file):
                self._take_copy()

    def give_back(self, lines: list[bytes]) -> None:
        """Take back the last lines that were given: they were not counted."""
        super().give_back(lines)
        self._marks = Marks.of(self._file, self.offset)

    def close(self) -> None:
        """Close the file."""
        for file in (self._file, self._before):
            if file >= 0:
                os.close(file)
        self._file = self._before = -1

    def _find(self, place: dict[str, Any], goes_on: bool) -> None:
        """Begin where the place says: in the file, or in what a rotation has made of it."""
        marks = Marks.in_place(place)
        self._marks = marks if marks.head else Marks.of(self._file, 0)
        if not marks.head:
            return
        copy = None
        fits = self._marks.fit(self._file)
        if not fits or _inode(self._file) != place["inode"]:
            copy = copy_of(self._path, marks, place["inode"])
        if copy is not None and (not fits or _inode_of(copy) == place["inode"]):
            self.news.append(f"note: {self._path} is a new file; first the rest of {copy}")
            self._turn_to(self._opened(copy), self._marks)
        elif not fits and goes_on:
            if Marks.of(self._file, self.offset).head == marks.head:
                raise BadInput(
                    f"{self._path}: begins with lines that were counted, but is another file; "
                    "--next needs one with new lines"
                )
            self._begin(self._file)
        elif not fits:
            raise BadInput(
                f"{self._path}: begins with other lines than those that were counted, or is "
                "shorter; pass --next if all its lines are new, begin anew with another --state, "
                "or restore the file"
            )

    def _to_the_end(self) -> Generator[list[tuple[int, bytes]], None, bytes]:
        """Yield what the file has; return a last line without its end."""
        rest = b""
        while block := os.pread(self._file, BLOCK, self.offset + len(rest)):
            self._quiet_since = None
            lines, rest = whole_lines(rest + block)
            if len(rest) > LONGEST:
                raise BadInput(f"{self._path}: line {self.number + 1} is longer than 1 MiB")
            yield self._given(lines)
        return rest

    def _given(self, lines: list[bytes]) -> list[tuple[int, bytes]]:
        numbered = self.numbered(lines)
        self._marks = Marks.of(self._file, self.offset)
        return numbered

    def _goes_on_in_next(self, rest: bytes) -> bool:
        """Turn to the file that has the name now, if this one lost it; return whether it did."""
        try:
            new = os.open(self._path, os.O_RDONLY)
        except OSError:
            return False  # renamed, and the next one is not there yet
        if _inode(new) == _inode(self._file):
            os.close(new)
            return False
        if self._marks.offset and self._marks.fit(new):
            self.news.append(f"note: {self._path} was replaced by a file that goes on with it")
            self._turn_to(new, self._marks)
            return True
        if not self._is_next(new, rest):
            os.close(new)
            return False
        self.news.append(
            f"note: {self._path} is a new file; its first line counts as line {self.number + 1:,}"
        )
        self._begin(new)
        return True

    def _is_next(self, new: int, rest: bytes) -> bool:
        """Return whether all lines of a new file are new, and those of this one have been read."""
        again = repeats(self._file, self.offset, new)
        if again is None:
            return False
        if again:
            raise BadInput(
                f"{self._path}: was replaced by a file that has lines which were counted, and not "
                "all of them; append to a file, or rename it and begin a new one"
            )
        now = time.monotonic()
        self._quiet_since = self._quiet_since or now
        if self._follow and now - self._quiet_since < _QUIET_S:
            return False
        if rest:
            raise BadInput(
                f"{self._path}: was renamed within line {self.number + 1}, which has no end; end "
                "it in the renamed file, or pass --next to leave it out"
            )
        return True

    def _begin(self, new: int) -> None:
        """Read a file from its first line on; the one before must not grow any more."""
        self.offset = 0
        if new != self._file:
            if self._before >= 0:
                os.close(self._before)
            self._before, self._file = self._file, new
            self._size_before = os.fstat(self._before).st_size
        self._marks = Marks.of(new, 0)
        self._quiet_since = None

    def _turn_to(self, file: int, marks: Marks) -> None:
        """Go on at the same place in another file."""
        os.close(self._file)
        self._file, self._marks, self._quiet_since = file, marks, None

    def _take_copy(self) -> None:
        """Go on in the copy that was made before the file was cut or written anew."""
        copy = copy_of(self._path, self._marks, [])
        if copy is None:
            raise BadInput(
                f"{self._path}: became shorter while it was followed, or was written anew, and "
                "there is no copy: lines may be lost; append to it, or rename it and begin a new "
                "one; to go on with what it has now, pass --next"
            )
        self.news.append(f"note: {self._path} was cut; first the rest of its copy {copy}")
        self._turn_to(self._opened(copy), self._marks)

    def _refuse_late_lines(self) -> None:
        if self._before >= 0 and os.fstat(self._before).st_size != self._size_before:
            raise BadInput(
                f"{self._path}: the file that had this name before got more lines after the new "
                "one was begun, which are not counted; let its writer open the new one first"
            )

    def _opened(self, path: Path) -> int:
        if path.exists() and not path.is_file():
            raise BadInput(f"{path}: is no file; pipe a stream to `consilience monitor -`")
        try:
            return os.open(path, os.O_RDONLY)
        except OSError as error:
            raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _inode(file: int) -> list[int]:
    facts = os.fstat(file)
    return [facts.st_dev, facts.st_ino]


def _inode_of(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_dev, facts.st_ino]
