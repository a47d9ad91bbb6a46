"""What a command says: results on stdout, everything else on stderr, one exit code."""

import contextlib
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from consilience.cli.unwinding import logged
from consilience.errors import BadInput

__all__ = ["INTERRUPTED", "STDOUT", "Output", "key_values", "log_to_stderr", "made_folder"]

INTERRUPTED = 130
"""Exit code after Ctrl-C."""

STDOUT = "stdout"
"""Name of the file in the error of a result that cannot be printed."""

_WIDTH = 100
"""Columns of tables where there is no terminal to ask."""


def _console(stream: TextIO) -> Console:
    return Console(
        file=stream, width=None if stream.isatty() else _WIDTH, highlight=False, markup=False
    )


class Output:
    """The voice of one command.

    Parameters
    ----------
    as_json : bool
        Print the result as one JSON object in place of a table.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._answered = False
        self._results = _console(sys.stdout)
        self._notes = _console(sys.stderr)

    def result(self, value: Mapping[str, object], *view: RenderableType) -> None:
        """Print the result: `value` as JSON, or `view` for a person."""
        self._answered = True
        try:
            if self._as_json:
                print(json.dumps(value, allow_nan=False), flush=True)
                return
            for part in view:
                self._results.print(part, soft_wrap=isinstance(part, str | Text))
            sys.stdout.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, STDOUT) from None

    def line(self, value: Mapping[str, object]) -> None:
        """Print one of many results: a JSON object on a line of its own."""
        try:
            print(json.dumps(value, allow_nan=False), flush=True)
        except OSError as error:
            raise OSError(error.errno, error.strerror, STDOUT) from None

    @property
    def console(self) -> Console:
        """Where notes are shown: for what moves on a terminal."""
        return self._notes

    def note(self, text: str) -> None:
        """Say something that is not a result."""
        self._notes.print(text, soft_wrap=True)

    def failure(self, message: str, exit_code: int) -> None:
        """Say in one line why the command fails; with JSON also as its one object, if none was."""
        line = " ".join(message.split())
        self._notes.print(Text.assemble(("error: ", "bold red"), line), soft_wrap=True)
        if self._as_json and not self._answered:
            # Where stdout itself is what failed, the line above has to do.
            with contextlib.suppress(OSError):
                print(json.dumps({"error": line, "exit_code": exit_code}), flush=True)

    @contextlib.contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show `text` while something of unknown length runs."""
        if not self._notes.is_terminal:
            self.note(f"{text} ...")
            yield
            return
        with self._notes.status(Text(text)):
            yield

    @contextlib.contextmanager
    def progress(self, *, stages: bool = False) -> Iterator[Callable[[str, int, int], None]]:
        """Give a callback (stage, done, total) that draws one bar per stage on a terminal.

        With `stages` it says each in a line elsewhere.
        """
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        bars = Progress(*columns, console=self._notes, disable=not self._notes.is_terminal)
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage)
                if stages and not self._notes.is_terminal:
                    self.note(f"{stage} ...")
            bars.update(tasks[stage], completed=done, total=total)

        with bars:
            yield report


def key_values(rows: Mapping[str, object]) -> Table:
    """Return a two-column table of names and values; numbers get thousands separators."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        table.add_row(Text(name), Text(shown))
    return table


@contextlib.contextmanager
def made_folder(out: Path) -> Iterator[Path]:
    """Give the folder of --out, made if it is missing; what is empty after a failure goes again.

    Raises
    ------
    BadInput
        It cannot be made.
    """
    try:
        missing = [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{out}: cannot be made ({error.strerror}); choose another --out") from None
    try:
        yield out
    except BaseException:
        with contextlib.suppress(OSError):
            for folder in missing:
                folder.rmdir()
        raise


@contextlib.contextmanager
def log_to_stderr() -> Iterator[None]:
    """Send library logs and warnings to stderr, a line each, while a command runs."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        print(f"warning: {message}", file=sys.stderr)

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    with logged("consilience", handler), warnings.catch_warnings():
        warnings.showwarning = show
        yield
