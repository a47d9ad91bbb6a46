"""Lines of a log on their way out: who logs never waits for who reads them."""

import logging
import os
import threading
import time
from collections import Counter, deque

__all__ = ["UnblockedHandler"]

_MOST_BYTES = 1 << 20
_END_S = 1.0
_PAUSE_S = 0.05


class UnblockedHandler(logging.Handler):
    """Writes to an open file in a thread of its own.

    A pipe that nobody reads takes 64 KiB and then stops who writes to it. What waits is at most
    1 MiB. From the first line that has no room on, all are dropped and counted until what waits
    has gone; then a line says how many were, which so stands where they would have.

    Parameters
    ----------
    file : int
        Its descriptor; it stays open.
    counts : Counter
        `dropped` is counted in it.
    most_bytes : int
        That wait.
    """

    def __init__(self, file: int, counts: Counter[str], most_bytes: int = _MOST_BYTES) -> None:
        super().__init__()
        self._file, self._counts, self._most = file, counts, most_bytes
        self._lines: deque[bytes] = deque()
        self._bytes = self._untold = 0
        self._turn = threading.Condition()
        self._is_full = self._ends = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line over, or drop it."""
        try:
            line = self.format(record).encode(errors="backslashreplace") + b"\n"
        except Exception:  # a message that cannot be formatted, as logging has it, ends nothing
            line = b""
        with self._turn:
            self._is_full = self._is_full or self._bytes + len(line) > self._most
            if not line or self._is_full:
                self._untold += 1
                self._counts["dropped"] += 1
                return
            self._lines.append(line)
            self._bytes += len(line)
            self._turn.notify()

    def close(self) -> None:
        """Write what waits, for a second at most."""
        with self._turn:
            self._ends = True
            self._turn.notify()
        self._thread.join(_END_S)
        super().close()

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._lines or self._untold or self._ends)
                if not self._lines and not self._untold:
                    return
                line = self._next()
            self._write(line)

    def _next(self) -> bytes:
        """Return the next line; once all have gone that came before a drop, how many it took."""
        if self._lines:
            line = self._lines.popleft()
            self._bytes -= len(line)
            return line
        number, self._untold, self._is_full = self._untold, 0, False
        record = logging.LogRecord(
            "consilience.service.log", logging.WARNING, "", 0,
            "%d lines of the log were dropped: they were not taken in time", (number,), None,
        )  # fmt: skip
        return self.format(record).encode() + b"\n"

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            try:
                rest = rest[os.write(self._file, rest) :]
            except BlockingIOError:  # somebody let it not block
                time.sleep(_PAUSE_S)
            except OSError:  # who read it is gone
                self._counts["dropped"] += 1
                return
