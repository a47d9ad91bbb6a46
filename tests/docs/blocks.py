"""Blocks of a page, carried out from top to bottom in one folder, as a reader would.

A `console` block has commands after ``$ ``, and what each prints: ``...`` stands for any text, on a
line of its own for any lines; where nothing is shown, all but a warning may be printed. A command
that ends in ``&`` goes on beside the others. A `python` or `toml` block whose first line is
``# NAME.py`` is that file; other `python` blocks of a page run in one namespace. What a page marks
with ``# needs ...`` is not carried out, and counted.
"""

import ast
import asyncio
import contextlib
import inspect
import io
import os
import re
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from unittest import mock

import pytest

from consilience.cli.app import main
from tests.docs.page import Block, blocks_of

__all__ = ["Carried", "carried_out", "is_printed", "to_do"]

_WORDS = r"""(?:'[^']*'|"[^"$`\\]*"|[^|&;<>$`*?\\()'"])*"""
_IN_PROCESS = re.compile(
    rf"(?P<program>consilience|python(?= \w+\.py\b)) (?P<words>{_WORDS})(?: > (?P<file>[\w.]+))?"
)
"""Commands that need no shell: words, and at most a file for what they print."""
_START_SECONDS = 60


@dataclass
class Carried:
    """How many commands and pieces of Python of a page are carried out, and what others need."""

    run: int = 0
    needs: list[str] = field(default_factory=list)


def to_do(page: Path) -> Carried:
    """Return what `carried_out` does of a page, without doing it."""
    return _walked(page, lambda _block, _text, _prints: None)


def carried_out(
    page: Path,
    folder: Path,
    programs: Path | None = None,
    ports: dict[str, int] | None = None,
    names: dict[str, object] | None = None,
) -> Carried:
    """Carry out a page's blocks in a folder; return how many there were.

    Parameters
    ----------
    page, folder : Path
    programs : Path or None
        Folder of the programs that are called: first in PATH. None takes those of this Python, and
        carries out `consilience` and `python FILE` in this process where they need no shell.
    ports : dict or None
        Ports that the page names, and the free ones in their places.
    names : dict or None
        What the page's Python takes for given: a reader's own arrays.

    Raises
    ------
    AssertionError
        A step failed or printed something else; with the line of the page.
    """
    with _here(folder), _Reader(programs, ports or {}, dict(names or {})) as reader:
        return _walked(page, reader.step)


def _walked(page: Path, step: Callable[[Block, str, str], None]) -> Carried:
    carried = Carried()
    for block in blocks_of(page):
        if block.language == "console":
            steps = [(one.text, one.prints, one.needs) for one in block.commands()]
        else:
            steps = [(block.text, "", block.needs)]
        for text, prints, needs in steps:
            if needs:
                carried.needs.append(needs)
                continue
            try:
                step(block, text, prints)
            except Exception as error:
                where = f"{page.name}, line {block.line}: $ {text.strip()}"
                raise AssertionError(f"{where}\n{type(error).__name__}: {error}") from error
            carried.run += block.is_step
    return carried


class _Reader:
    """Does what a page says, in the current folder, and at the end stops what it began."""

    def __init__(
        self, programs: Path | None, ports: dict[str, int], names: dict[str, object]
    ) -> None:
        self._in_process = programs is None
        path = f"{programs or Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**os.environ, "PATH": path}
        self._ports = ports
        self._names = names
        self._beside: list[subprocess.Popen[bytes]] = []
        self._runner = asyncio.Runner()

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *_: object) -> None:
        for one in reversed(self._beside):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGTERM)
        for one in self._beside:
            try:
                one.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait()
        self._runner.close()

    def step(self, block: Block, text: str, prints: str) -> None:
        """Carry out a command, or a whole block of another language."""
        for named, free in self._ports.items():
            text = re.sub(rf"\b{named}\b", str(free), text)
        if block.file:
            Path(block.file).write_text(text.partition("\n")[2])
        elif block.language == "python":
            self._python(text, f"line {block.line}")
        elif block.language == "console" and text.startswith("export "):
            for name, _, value in (word.partition("=") for word in shlex.split(text)[1:]):
                value = Template(value).safe_substitute(self._environment)
                self._environment[name] = os.environ[name] = value
        elif block.language == "console" and (beside := re.fullmatch(r"(.*) &(?: +#.*)?", text)):
            self._begin(beside[1])
        elif block.language == "console":
            printed = self._printed(text)
            if prints:
                assert is_printed(prints, printed), printed
            else:
                assert not re.search(r"^warning:", printed, re.MULTILINE), printed

    def _python(self, text: str, name: str) -> None:
        code = compile(text, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        waits = eval(code, self._names)
        if inspect.iscoroutine(waits):
            self._runner.run(waits)

    def _begin(self, command: str) -> None:
        with Path(f"{len(self._beside)}.out").open("wb") as out:
            one = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], env=self._environment,
                stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        self._beside.append(one)
        end = time.monotonic() + _START_SECONDS
        named = [free for free in self._ports.values() if re.search(rf"\b{free}\b", command)]
        while named:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", named[0])):
                return
            assert one.poll() is None, Path(out.name).read_text()
            assert time.monotonic() < end, "nobody listens"
            time.sleep(0.05)

    def _printed(self, command: str) -> str:
        found = _IN_PROCESS.fullmatch(command.partition(" # ")[0].rstrip())
        if self._in_process and found is not None:
            code, printed = _of_this_process(found)
        else:
            done = subprocess.run(
                ["bash", "-c", command], text=True, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, env=self._environment, check=False,
            )  # fmt: skip
            code, printed = done.returncode, done.stdout
        assert code == 0, f"exit code {code}\n{printed}"
        return printed


def _of_this_process(command: re.Match[str]) -> tuple[int, str]:
    """Return exit code and output of `consilience WORDS`, or of `python FILE`, here: no start."""
    words, printed = shlex.split(command["words"]), io.StringIO()
    out = io.StringIO() if command["file"] else printed
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(printed):
        if command["program"] == "consilience":
            code = main(words)
        else:
            runpy.run_path(words[0], run_name="__main__")
            code = 0
    if command["file"]:
        Path(command["file"]).write_text(out.getvalue())
    return code, printed.getvalue()


@contextlib.contextmanager
def _here(folder: Path) -> Iterator[None]:
    """Work in a folder, whose modules can be imported until then."""
    before = set(sys.modules)
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        try:
            with mock.patch.dict(os.environ, COLUMNS="100"):
                yield
        finally:
            for name in set(sys.modules) - before:
                if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                    del sys.modules[name]


def _trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


def is_printed(shown: str, printed: str) -> bool:
    """Return whether what a page shows is what was printed, but for its dots."""
    return re.fullmatch(_pattern(shown), _trimmed(printed)) is not None


def _pattern(expected: str) -> str:
    lines = []
    for line in _trimmed(expected).splitlines():
        lines.append(r"(?:.*\n)*?" if line == "..." else _of_line(line) + r"\n")
    return "".join(lines)


def _of_line(line: str) -> str:
    return "[^\n]*".join(map(re.escape, line.split("...")))
