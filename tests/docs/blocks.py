"""Blocks of a page, carried out from top to bottom in one folder, as a reader would.

A `python` block whose first line is ``# NAME.py`` is that file. A `console` block has commands
after ``$ ``, and what each prints: ``...`` stands for any text, on a line of its own for any lines.
Blocks without a language are not run.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from sybil import Example
from sybil.document import Document
from sybil.parsers.myst import CodeBlockParser

__all__ = ["carried_out"]


def carried_out(
    page: Path,
    folder: Path,
    programs: Path = Path(sys.executable).parent,
    port: tuple[str, int] | None = None,
) -> int:
    """Carry out a page's blocks in an empty folder; return how many commands there were.

    Parameters
    ----------
    page, folder : Path
    programs : Path
        Folder of the programs that are called: first in PATH.
    port : (str, int) or None
        A port that the page names, and the free one in its place.

    Raises
    ------
    AssertionError
        A command failed or printed something else; with the line of the page.
    """
    count = 0

    def file(example: Example) -> None:
        name, _, text = str(example.parsed).partition("\n")
        assert re.fullmatch(r"# [\w.]+\.py", name), f"line {example.line}: names no file"
        (folder / name[2:]).write_text(text)

    def console(example: Example) -> None:
        nonlocal count
        for part in re.split(r"^\$ ", str(example.parsed), flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            if port is not None:
                command = command.replace(port[0], str(port[1]))
            printed = _printed(command, folder, programs)
            place = f"{page.name}, line {example.line}: $ {command}"
            assert re.fullmatch(_pattern(expected), printed), f"{place}\n{printed}"
            count += 1

    parsers = CodeBlockParser("python", file), CodeBlockParser("console", console)
    for example in Document.parse(str(page), *parsers).examples():
        example.evaluate()
    return count


def _printed(command: str, folder: Path, programs: Path) -> str:
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env={**os.environ, "PATH": path, "COLUMNS": "100"},
    )  # fmt: skip
    assert done.returncode == 0, f"$ {command}: exit code {done.returncode}\n{done.stdout}"
    return _trimmed(done.stdout)


def _trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


def _pattern(expected: str) -> str:
    lines = []
    for line in _trimmed(expected).splitlines():
        lines.append(r"(?:.*\n)*?" if line == "..." else _of_line(line) + r"\n")
    return "".join(lines)


def _of_line(line: str) -> str:
    return "[^\n]*".join(map(re.escape, line.split("...")))
