"""The system's calls on files, recorded as changes of a modelled disk, and made to fail.

Within the context the functions of `os` and `io` by which Python changes files are replaced: below
`folder` each call is done in truth, noted in `trace`, and fails where the plan says so. So the
product does what it always does, down to the calls; reading is not touched.
"""

import builtins
import errno
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Self

from tests.campaigns.crash.disk import Disk, File
from tests.campaigns.crash.folders import tree_of
from tests.campaigns.crash.trace import Note, Step, Touch

__all__ = ["FAULTS", "Fault", "FaultyDisk"]

NO_SPACE, IO_ERROR, SHORT = "no space", "I/O error", "some bytes only"
PART, INTERRUPT = "some bytes, then no space", "interrupted after it"

FAULTS = {
    "open": (NO_SPACE, IO_ERROR, INTERRUPT),
    "mkdir": (NO_SPACE, INTERRUPT),
    "write": (NO_SPACE, IO_ERROR, SHORT, PART, INTERRUPT),
    "truncate": (IO_ERROR, INTERRUPT),
    "fsync": (IO_ERROR, NO_SPACE, INTERRUPT),
    "folder fsync": (IO_ERROR, INTERRUPT),
    "rename": (IO_ERROR, NO_SPACE, INTERRUPT),
    "link": (IO_ERROR, NO_SPACE, INTERRUPT),
    "remove": (IO_ERROR, INTERRUPT),
    "close": (IO_ERROR,),
}
"""What may become of each kind of call."""

Fault = tuple[str, str]
"""A kind of call, and what became of one."""

_ERRORS = {NO_SPACE: errno.ENOSPC, PART: errno.ENOSPC, IO_ERROR: errno.EIO}
_REPLACED = ("open", "write", "pwrite", "fsync", "ftruncate", "close", "mkdir", "fchmod")
_NAMES = ("replace", "rename", "link", "unlink", "remove")


class FaultyDisk:
    """A folder on a disk that fails by a plan.

    Parameters
    ----------
    folder : Path
        Must hold what `disk` shows.
    disk : Disk
        Changed as the folder is.
    plan : mapping of int to float
        Number of the call, counted from 1: which of the faults of its kind, 0 .. 1.
    dead_from : int, optional
        From this call on all fail with an I/O error.
    interrupt : tuple of (frozenset of str, int), optional
        Files, and which of their lines, counted from 1 as they run, Ctrl-C comes before.

    Attributes
    ----------
    plan, dead_from
        May be changed on the way.
    calls, lines : int
    trace : list of Step
    happened : Counter of Fault
    """

    def __init__(
        self,
        folder: Path,
        disk: Disk,
        plan: Mapping[int, float] | None = None,
        dead_from: int | None = None,
        interrupt: tuple[frozenset[str], int] | None = None,
    ) -> None:
        self._root = str(folder)
        self._disk = disk
        self.plan, self.dead_from = dict(plan or {}), dead_from
        self._interrupt = interrupt
        self.lines = 0
        self._nodes: dict[int, int] = {}  # by open file
        self._appending: set[int] = set()
        self.calls = 0
        self.trace: list[Step] = []
        self.happened: Counter[Fault] = Counter()

    def note(self, word: str, about: object = None) -> None:
        """Note what the product has said."""
        self.trace.append(Note(word, about))

    def __enter__(self) -> Self:
        self._real = {name: getattr(os, name) for name in (*_REPLACED, *_NAMES)}
        self._real_open, self._traced_before = io.open, sys.gettrace()
        for name in _REPLACED:
            setattr(os, name, getattr(self, f"_{name}"))
        os.replace = os.rename = self._rename  # type: ignore[assignment]
        os.unlink = os.remove = self._remove  # type: ignore[assignment]
        os.link = self._link  # type: ignore[assignment]
        io.open = builtins.open = self._file_object  # type: ignore[assignment]
        if self._interrupt is not None:
            sys.settrace(self._traced)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._interrupt is not None:
            sys.settrace(self._traced_before)
        io.open = builtins.open = self._real_open
        for name, function in self._real.items():
            setattr(os, name, function)
        for file in self._nodes:  # what a process that ends leaves open
            os.close(file)
        if kind is None and tree_of(Path(self._root)) != self._disk.tree():
            raise AssertionError("the folder was changed by a call that is not recorded")

    def _traced(self, frame: FrameType, event: str, _: object) -> Any:
        assert self._interrupt is not None
        files, at = self._interrupt
        if frame.f_code.co_filename not in files:
            return None
        self.lines += event == "line"
        if self.lines == at and event == "line":
            self.happened["line", "interrupted before it"] += 1
            raise KeyboardInterrupt
        return self._traced

    def _place(self, path: Any) -> tuple[int, str] | None:
        """Return the number of the folder that a path is in, and its name there; None: elsewhere.

        Of the root itself the name is empty.
        """
        if not isinstance(path, str | os.PathLike):
            return None
        text = os.fspath(path)
        if text == self._root:
            return 0, ""
        if not text.startswith(f"{self._root}/"):
            return None
        *above, name = text[len(self._root) + 1 :].split("/")
        folder = self._disk.find(tuple(above))
        return None if folder is None else (folder, name)

    def _call(self, kind: str, action: Callable[[], Any]) -> Any:
        """Do a call, or fail; `action` does it and notes it."""
        fault = self._drawn(kind)
        if fault in _ERRORS:
            raise OSError(_ERRORS[fault], os.strerror(_ERRORS[fault]))
        done = action()
        if fault == INTERRUPT:
            raise KeyboardInterrupt
        return done

    def _drawn(self, kind: str) -> str | None:
        self.calls += 1
        fault = None
        if self.dead_from is not None and self.calls >= self.dead_from:
            fault = IO_ERROR
        elif (drawn := self.plan.get(self.calls)) is not None:
            fault = FAULTS[kind][int(drawn * len(FAULTS[kind]))]
        if fault is not None:
            self.happened[kind, fault] += 1
        return fault

    def _touch(self, what: str, node: int, change: object = None) -> None:
        touch = Touch(what, node, change)
        touch.apply(self._disk)
        self.trace.append(touch)

    def _open(self, path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        place = self._place(path)
        if place is None:
            return int(self._real["open"](path, flags, mode, **more))
        folder, name = place
        there = self._disk.folder(folder).now.get(name) if name else 0

        def action() -> int:
            file: int = self._real["open"](path, flags, mode, **more)
            node = there
            if node is None:
                self._touch("make", folder, (name, os.fstat(file).st_mode & 0o7777))
                node = self._disk.folder(folder).now[name]
            elif flags & os.O_TRUNC:
                self._touch("write", node, (0, None))
            self._nodes[file] = node
            if flags & os.O_APPEND:
                self._appending.add(file)
            return file

        # Opening what is there changes nothing, and does not fail.
        if there is None or flags & os.O_TRUNC:
            return int(self._call("open", action))
        return action()

    def _close(self, file: int) -> None:
        if file not in self._nodes:
            self._real["close"](file)
            return
        fault = self._drawn("close")
        del self._nodes[file]
        self._appending.discard(file)
        self._real["close"](file)  # a close that fails has closed
        if fault in _ERRORS:
            raise OSError(_ERRORS[fault], os.strerror(_ERRORS[fault]))

    def _write(self, file: int, data: Any) -> int:
        if file not in self._nodes:
            return int(self._real["write"](file, data))
        end = os.fstat(file).st_size
        place = end if file in self._appending else os.lseek(file, 0, os.SEEK_CUR)
        return self._written(file, place, data, lambda part: self._real["write"](file, part))

    def _pwrite(self, file: int, data: Any, offset: int) -> int:
        if file not in self._nodes:
            return int(self._real["pwrite"](file, data, offset))
        assert file not in self._appending, "Linux would append"
        return self._written(
            file, offset, data, lambda part: self._real["pwrite"](file, part, offset)
        )

    def _written(self, file: int, place: int, data: Any, write: Callable[[bytes], int]) -> int:
        whole = bytes(data)
        fault = self._drawn("write")
        if fault in (NO_SPACE, IO_ERROR):
            raise OSError(_ERRORS[fault], os.strerror(_ERRORS[fault]))
        part = whole[: (len(whole) + 1) // 2] if fault in (SHORT, PART) else whole
        if part:
            done = write(part)
            assert done == len(part)
            self._touch("write", self._nodes[file], (place, part))
        if fault == PART and self.dead_from is None:
            self.plan[self.calls + 1] = 0.0  # the next finds no space
        if fault == INTERRUPT:
            raise KeyboardInterrupt
        return len(part)

    def _fsync(self, file: int) -> None:
        if file not in self._nodes:
            self._real["fsync"](file)
            return
        node = self._nodes[file]
        is_file = isinstance(self._disk.nodes[node], File)
        fault = self._drawn("fsync" if is_file else "folder fsync")
        if fault in _ERRORS:
            if is_file:
                self._touch("sync failed", node)
            raise OSError(_ERRORS[fault], os.strerror(_ERRORS[fault]))
        self._touch("sync", node)
        if fault == INTERRUPT:
            raise KeyboardInterrupt

    def _ftruncate(self, file: int, length: int) -> None:
        if file not in self._nodes:
            self._real["ftruncate"](file, length)
            return

        def action() -> None:
            self._real["ftruncate"](file, length)
            self._touch("write", self._nodes[file], (length, None))

        self._call("truncate", action)

    def _fchmod(self, file: int, mode: int) -> None:
        self._real["fchmod"](file, mode)
        if file in self._nodes:
            self._touch("mode", self._nodes[file], mode)

    def _mkdir(self, path: Any, mode: int = 0o777, **more: Any) -> None:
        place = self._place(path)
        if place is None or place[1] in ("", *self._disk.folder(place[0]).now):
            self._real["mkdir"](path, mode, **more)
            return

        def action() -> None:
            self._real["mkdir"](path, mode, **more)
            self._touch("make", place[0], (place[1], None))

        self._call("mkdir", action)

    def _rename(self, old: Any, new: Any, **more: Any) -> None:
        source, target = self._place(old), self._place(new)
        if source is None or target is None:
            self._real["replace"](old, new, **more)
            return
        assert source[0] == target[0], "files are renamed within their folder"
        folder = source[0]

        def action() -> None:
            self._real["replace"](old, new, **more)
            node = self._disk.folder(folder).now[source[1]]
            self._touch("name", folder, ((source[1], None), (target[1], node)))

        self._call("rename", action)

    def _link(self, old: Any, new: Any, **more: Any) -> None:
        source, target = self._place(old), self._place(new)
        if source is None or target is None:
            self._real["link"](old, new, **more)
            return

        def action() -> None:
            self._real["link"](old, new, **more)
            node = self._disk.folder(source[0]).now[source[1]]
            self._touch("name", target[0], ((target[1], node),))

        self._call("link", action)

    def _remove(self, path: Any, **more: Any) -> None:
        place = self._place(path)
        if place is None or place[1] not in self._disk.folder(place[0]).now:
            self._real["unlink"](path, **more)
            return

        def action() -> None:
            self._real["unlink"](path, **more)
            self._touch("name", place[0], ((place[1], None),))

        self._call("remove", action)

    def _file_object(self, file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
        """Return a file whose writes go through `os`, where one is opened to be written."""
        given = isinstance(file, int) and file in self._nodes
        if not (set(mode) & set("wax+")) or not (given or self._place(file)):
            return self._real_open(file, mode, *rest, **more)
        assert mode in ("wb", "xb"), f"no file object of mode {mode}"
        flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if mode == "xb" else os.O_TRUNC)
        opened = file if given else more.get("opener", os.open)(file, flags)
        return io.BufferedWriter(_RawFile(opened))


class _RawFile(io.FileIO):
    """A file that is written and closed through the functions of `os`."""

    def __init__(self, file: int) -> None:
        super().__init__(file, "wb", closefd=False)

    def write(self, data: Any) -> int:
        return os.write(self.fileno(), data)

    def truncate(self, size: int | None = None) -> int:
        raise AssertionError("no file object is truncated")

    def close(self) -> None:
        if not self.closed:
            file = self.fileno()
            super().close()
            os.close(file)
