"""The log of a service: lines of text, or of JSON, on stderr."""

import contextlib
import datetime
import enum
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, TextIO

__all__ = ["LogFormat", "LogLevel", "MessageCounts", "service_log"]

_NAMES = ("consilience", "uvicorn", "py.warnings")
"""Loggers whose lines it has; what other libraries say it has from WARNING on."""

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
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
    """Counts the lines of a handler by their level, and lets all through."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter(warning=0, error=0)

    def filter(self, record: logging.LogRecord) -> bool:
        """Count a line of WARNING or above."""
        if record.levelno >= logging.ERROR:
            self.counts["error"] += 1
        elif record.levelno >= logging.WARNING:
            self.counts["warning"] += 1
        return True


class TextLines(logging.Formatter):
    """``TIME LEVEL LOGGER MESSAGE name=value``; a message is one line, a traceback follows it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        said = [_time(record), record.levelname, record.name, _in_a_line(record.getMessage())]
        said += [f"{name}={_shown(value)}" for name, value in _fields(record).items()]
        behind = f"{_traceback(self, record) or ''}\n{record.stack_info or ''}".splitlines()
        # Indented: no text within begins a line as a message does.
        return "\n".join([" ".join(said), *(f"  {line}" for line in behind if line)])


class JsonLines(logging.Formatter):
    """One JSON object a line: `at`, `level`, `logger`, `message`, fields, and `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        said: dict[str, Any] = {
            "at": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if (traceback := _traceback(self, record)) is not None:
            said["exception"] = traceback
        return json.dumps(said, default=str)


@contextlib.contextmanager
def service_log(
    form: LogFormat = LogFormat.TEXT,
    level: LogLevel = LogLevel.INFO,
    stream: TextIO | None = None,
    *filters: logging.Filter,
) -> Iterator[MessageCounts]:
    """Write the log while the ``with`` statement lasts; give the counts of its lines.

    Parameters
    ----------
    form : LogFormat
    level : LogLevel
    stream : text file, optional
        Default stderr.
    filters : logging.Filter
        Of every line: they may change it, as one that takes secrets out.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form is LogFormat.JSON else TextLines())
    counts = MessageCounts()
    for each in (counts, *filters):
        handler.addFilter(each)
    root = logging.getLogger()
    loggers = [logging.getLogger(name) for name in _NAMES]
    before = [(one, one.level) for one in (root, *loggers)]
    root.addHandler(handler)
    # At level INFO these would show addresses, which may be secret, and a line for each request.
    root.setLevel(logging.WARNING)
    for one in loggers:
        one.setLevel(level.upper())
    logging.captureWarnings(True)
    try:
        yield counts
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        for one, was in before:
            one.setLevel(was)


def _time(record: logging.LogRecord) -> str:
    at = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03d}Z"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what was given as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _USUAL}


def _shown(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _in_a_line(text: str) -> str:
    """Return a text without line breaks and control characters: no message makes a second line."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str | None:
    if record.exc_text:
        return record.exc_text
    return formatter.formatException(record.exc_info) if record.exc_info else None
