"""The log: one line a message, fields, levels, JSON on request; no addresses of other libraries."""

import fcntl
import io
import json
import logging
import os
import re
import time
import warnings

import pytest

from consilience.cli.unwinding import logged
from consilience.service.access.redaction import redacted
from consilience.service.telemetry.logs import LogFormat, LogLevel, service_log

LOG = logging.getLogger("consilience.service.test")


@pytest.fixture
def written():
    """Return a function that logs within a service's log and returns what was written."""

    def run(say, form=LogFormat.TEXT, level=LogLevel.INFO, clean=str):
        stream = io.StringIO()
        with service_log(form, level, stream, clean) as counts:
            say()
        return stream.getvalue(), counts

    return run


def test_a_line_of_text(written):
    text, _ = written(lambda: LOG.info("took %d rows", 3, extra={"agent": "a b", "ms": 1.5}))
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO consilience\.service\.test took 3 rows"
        r' agent="a b" ms=1\.5\n',
        text,
    )


def test_a_line_of_json(written):
    text, _ = written(lambda: LOG.warning("no %s", "disk", extra={"free": 0}), LogFormat.JSON)
    found = json.loads(text)
    assert text.count("\n") == 1
    assert found.pop("at").endswith("Z")
    assert found == {
        "level": "warning",
        "logger": "consilience.service.test",
        "message": "no disk",
        "free": 0,
    }


@pytest.mark.parametrize("form", LogFormat)
def test_no_message_makes_a_line_of_its_own(written, form):
    forged = "x\n2026-01-01T00:00:00.000Z INFO consilience all is well\r\x1b[2J\u2028"
    text, _ = written(lambda: LOG.info("agent %s", forged, extra={"name_": forged}), form)
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text


@pytest.mark.parametrize("form", LogFormat)
def test_an_exception_is_told_with_its_traceback(written, form):
    def fail():
        try:
            raise OSError("no room\n2026-01-01T00:00:00.000Z INFO consilience all is well")
        except OSError:
            LOG.exception("writing failed")

    text, counts = written(fail, form)
    assert "Traceback" in text and "OSError: no room" in text
    assert sum(line.startswith(("20", "{")) for line in text.splitlines()) == 1
    assert counts == {"warning": 0, "error": 1, "dropped": 0}


@pytest.mark.parametrize(
    ("level", "said"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)]
)
def test_levels(written, level, said):
    def all_levels():
        for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            LOG.log(number, "a line")

    text, _ = written(all_levels, level=LogLevel(level))
    assert text.count("\n") == said


def test_other_libraries_are_heard_from_warning_on(written):
    def speak():
        logging.getLogger("httpx").info("POST https://hooks.example/hidden")
        logging.getLogger("some.library").warning("a warning")
        logging.getLogger("uvicorn.error").info("started")
        logging.getLogger("uvicorn.error").error("no socket")

    text, counts = written(speak, level=LogLevel.DEBUG)
    assert "hidden" not in text
    assert "some.library a warning" in text.replace("py.", "")
    assert "uvicorn.error started" not in text and "uvicorn.error no socket" in text
    assert counts == {"warning": 1, "error": 1, "dropped": 0}


def test_warnings_are_lines_of_it(written):
    def warn():
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("probably not what it seems", stacklevel=2)

    text, counts = written(warn)
    assert "py.warnings" in text and "probably not what it seems" in text
    assert text.count("\n") == counts["warning"] == 1


@pytest.mark.parametrize("form", LogFormat)
def test_secrets_are_taken_out_of_messages_fields_and_tracebacks(written, form):
    secrets = {
        "token": f"cns_{'0' * 16}_{'ab' * 32}",
        "key": "whsec_" + "q" * 40,
        "url": "https://kim:hunter2@hooks.example/x",
        "header": "Bearer Hidden9hidden9",
    }

    def speak():
        for secret in secrets.values():
            LOG.warning("sent %s", secret, extra={"field": secret, "count": 1})
            try:
                raise ValueError(f'refused: token="{secret}"')
            except ValueError:
                LOG.exception("failed")

    text, _ = written(speak, form, LogLevel.INFO, redacted)
    for hidden in ("ab" * 32, "q" * 40, "hunter2", "Hidden9"):
        assert hidden not in text
    if form is LogFormat.JSON:
        assert json.loads(text.splitlines()[0])["count"] == 1


def test_loggers_are_as_they_were_afterwards(written):
    root = logging.getLogger()
    before = root.handlers[:], root.level, LOG.getEffectiveLevel()
    written(lambda: None, level=LogLevel.DEBUG)
    assert (root.handlers[:], root.level, LOG.getEffectiveLevel()) == before


def test_what_wrote_our_lines_before_writes_them_again_afterwards(written):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    with logged("consilience", handler):
        text, _ = written(lambda: LOG.info("once"))
        LOG.info("afterwards")
    assert "once" in text
    assert stream.getvalue() == "afterwards\n"


def test_who_logs_does_not_wait_for_who_reads():
    """A full pipe that nobody reads stopped the engine; what is dropped is counted and said."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    lines = []
    with os.fdopen(write, "w") as stream, os.fdopen(read) as reader:
        with service_log(LogFormat.JSON, stream=stream) as counts:
            for number in range(10_000):
                LOG.info("line %d", number, extra={"more": "x" * 100})
            assert counts["dropped"] > 1000
            while "were dropped" not in (line := reader.readline()):
                lines.append(json.loads(line)["message"])
        dropped = json.loads(line)
    assert lines == [f"line {number}" for number in range(10_000 - counts["dropped"])]
    assert dropped["level"] == "warning"
    assert dropped["message"].startswith(f"{counts['dropped']} lines of the log were dropped")


def test_it_ends_though_nobody_reads():
    read, write = os.pipe()
    begun = time.monotonic()
    with os.fdopen(write, "w") as stream, os.fdopen(read) as reader:
        with service_log(stream=stream):
            for _ in range(2000):
                LOG.info("x" * 100)
        assert time.monotonic() - begun < 10
        reader.close()  # its thread writes to nobody then, and ends
