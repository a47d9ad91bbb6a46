"""The log of a service: lines of text, or of JSON, on stderr."""

import contextlib
import datetime
import enum
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from consilience.service.telemetry.unblocked import UnblockedHandler

__all__ = ["LogFormat", "LogLevel", "MessageCounts", "service_log"]

_NAMES = "consilience", "uvicorn", "py.warnings"
"""Loggers whose lines it has, and that have no other handler meanwhile."""

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_NUMBERS = bool, int, float, type(None)
_PLAIN = re.compile(r"[\w.:/@+-]+")


class LogFormat(enum.StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(enum.StrEnum):
    """From which level on."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class MessageCounts(logging.Filter):
    """Counts the lines of a handler by their level, and those dropped, and lets all through."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter(warning=0, error=0, dropped=0)

    def filter(self, record: logging.LogRecord) -> bool:
        """Count a line of WARNING or above."""
        if record.levelno >= logging.ERROR:
            self.counts["error"] += 1
        elif record.levelno >= logging.WARNING:
            self.counts["warning"] += 1
        return True


class _Lines(logging.Formatter):
    """A line of the log; what it shows goes through `clean`, which takes secrets out."""

    def __init__(self, clean: Callable[[str], str] = str) -> None:
        super().__init__()
        self._clean = clean

    def message(self, record: logging.LogRecord) -> str:
        """Return what was said."""
        return self._clean(record.getMessage())

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return what was given as `extra`; numbers stay numbers."""
        return {
            name: value if isinstance(value, _NUMBERS) else self._clean(str(value))
            for name, value in vars(record).items()
            if name not in _USUAL
        }

    def traceback(self, record: logging.LogRecord) -> str:
        """Return the lines of an exception and of the stack, if there are any."""
        found = record.exc_text or (
            self.formatException(record.exc_info) if record.exc_info else ""
        )
        return self._clean("\n".join(part for part in (found, record.stack_info) if part))


class TextLines(_Lines):
    """``TIME LEVEL LOGGER MESSAGE name=value``; a message is one line, a traceback follows it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        said = [_time(record), record.levelname, record.name, _in_a_line(self.message(record))]
        said += [f"{name}={_shown(value)}" for name, value in self.fields(record).items()]
        # Indented: no text within begins a line as a message does.
        behind = [f"  {line}" for line in self.traceback(record).splitlines() if line]
        return "\n".join([" ".join(said), *behind])


class JsonLines(_Lines):
    """One JSON object a line: `at`, `level`, `logger`, `message`, fields, and `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        said: dict[str, Any] = {
            "at": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message(record),
        }
        said |= {name: one for name, one in self.fields(record).items() if name not in said}
        if traceback := self.traceback(record):
            said["exception"] = traceback
        return json.dumps(said)


@contextlib.contextmanager
def service_log(
    form: LogFormat = LogFormat.TEXT,
    level: LogLevel = LogLevel.INFO,
    stream: TextIO | None = None,
    clean: Callable[[str], str] = str,
) -> Iterator[Counter[str]]:
    """Write the log while the ``with`` statement lasts; give the counts of its lines by level.

    Lines of ours that would go elsewhere go there alone. Who logs does not wait for who reads: see
    `UnblockedHandler`.

    Parameters
    ----------
    form : LogFormat
    level : LogLevel
    stream : text file, optional
        Default stderr.
    clean : callable
        Takes secrets out of a text.
    """
    counts = MessageCounts()
    handler = _handler(stream or sys.stderr, counts)
    handler.setFormatter(JsonLines(clean) if form is LogFormat.JSON else TextLines(clean))
    handler.addFilter(counts)
    root = logging.getLogger()
    loggers = [logging.getLogger(name) for name in _NAMES]
    before = [(one, one.level, one.handlers[:]) for one in (root, *loggers)]
    for one in loggers:
        one.handlers.clear()
    # At level INFO others would show addresses, which may be secret, and a line for each request.
    root.setLevel(logging.ERROR if level is LogLevel.ERROR else logging.WARNING)
    loggers[0].setLevel(level.upper())
    root.addHandler(handler)
    logging.captureWarnings(True)
    try:
        yield counts.counts
    finally:
        logging.captureWarnings(False)
        for one, was, handlers in before:
            one.setLevel(was)
            one.handlers[:] = handlers
        handler.close()


def _handler(stream: TextIO, counts: MessageCounts) -> logging.Handler:
    """Return what writes to a stream: one that is no file of the system takes all at once."""
    try:
        return UnblockedHandler(stream.fileno(), counts.counts)
    except OSError:
        return logging.StreamHandler(stream)


def _time(record: logging.LogRecord) -> str:
    at = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03d}Z"


def _shown(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _in_a_line(text: str) -> str:
    """Return a text without line breaks and control characters: no message makes a second line."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
