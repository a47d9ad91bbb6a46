"""Who changed what: a file of lines that only grows, each bound to the one before.

`changes.jsonl` in the state directory, a JSON object a line: `number` from 1, `at_ms`, `who`,
`did`, `what`, and `before`, the SHA-256 of the line before in hex. A line that is changed, taken
out or put in breaks the chain at the next; lines cut off at the end do not: keep the number of the
last one elsewhere if that matters.
"""

import fcntl
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.service.access.private_file import make_private
from consilience.service.access.redaction import redacted

__all__ = ["FILE", "AuditLog", "local_user", "read_changes"]

FILE = "changes.jsonl"
"""Name in the state directory."""

_FIRST = hashlib.sha256(b"consilience changes 1").hexdigest()
_LONGEST = 1 << 14
"""Bytes of a line at most; what does not fit is cut."""


class AuditLog(Closes):
    """Adds lines; several processes may, each line is whole and on the disk when `record` returns.

    Parameters
    ----------
    path : Path
        The file; made with mode 0600 if it is not there.
    clock : callable
        Gives the time in ms.
    """

    def __init__(
        self, path: Path, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    ) -> None:
        self._clock, self._path = clock, path
        self._lock = threading.Lock()
        make_private(path)
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def record(self, who: str, did: str, **what: object) -> int:
        """Add a line and return its number.

        Parameters
        ----------
        who : str
            `Identity.told`, or `local_user()`.
        did : str
            A verb and its object, as ``made a token``.
        **what
            Details that JSON can hold; secrets in them are redacted.
        """
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                number, before = self._last()
                line: dict[str, Any] = {"number": number + 1, "at_ms": self._clock()}
                line |= {"who": redacted(who), "did": redacted(did), "what": _clean(what)}
                if len(json.dumps(line)) > _LONGEST:
                    line["what"] = {"cut": json.dumps(line["what"])[: _LONGEST // 8]}
                os.write(self._file, json.dumps(line | {"before": before}).encode() + b"\n")
                os.fsync(self._file)
                return number + 1
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _last(self) -> tuple[int, str]:
        """Return number and digest of the last line; end one that a crash has cut."""
        size = os.fstat(self._file).st_size
        tail = os.pread(self._file, 4 * _LONGEST, max(0, size - 4 * _LONGEST))
        if tail and not tail.endswith(b"\n"):
            # Cut short before it was on the disk: nobody was told that it is there.
            kept = tail[: tail.rfind(b"\n") + 1]
            os.ftruncate(self._file, size - len(tail) + len(kept))
            tail = kept
        if not tail:
            return 0, _FIRST
        last = tail[tail[:-1].rfind(b"\n") + 1 : -1]
        try:
            return int(json.loads(last)["number"]), hashlib.sha256(last).hexdigest()
        except (ValueError, KeyError, TypeError):
            raise BadInput(
                f"{self._path}: its last line is none of a log of changes; move the file away"
            ) from None


def read_changes(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines in order; BadInput at the first that does not follow from the one before."""
    number, before = 0, _FIRST
    with path.open("rb") as file:
        for raw in file:
            if not raw.endswith(b"\n"):
                return  # cut by a crash; never told
            try:
                line = json.loads(raw)
                right = line["number"] == number + 1 and line["before"] == before
            except (ValueError, KeyError, TypeError):
                right = False
            if not right:
                raise BadInput(
                    f"{path}: line {number + 1} does not follow from the one before it: the file "
                    "was changed; compare it with a backup"
                )
            number, before = number + 1, hashlib.sha256(raw[:-1]).hexdigest()
            yield line


def local_user() -> str:
    """Return who runs this process, for changes made from the command line."""
    return f"uid {os.geteuid()} on this machine"


def _clean(value: object) -> object:
    """Return a value that JSON can hold, its texts redacted."""
    if isinstance(value, Mapping):
        return {redacted(str(key)): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    if value is None or isinstance(value, bool | int):
        return value
    return redacted(str(value))
