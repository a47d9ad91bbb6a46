"""Simulated designs as shared libraries, each compiled once and kept in a cache folder."""

import logging
import time
from functools import partial
from pathlib import Path

from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.compiled.cache import cache_folder, digest, made_once, text_made_once
from consilience_sim.compiled.compiler import Compiler, find_compiler
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import (
    SOURCE,
    TOP,
    emission_tools,
    emit_engine,
    gateware_unchanged,
    runtime_headers,
    write_cxxrtl,
)
from consilience_sim.compiled.gates import write_gates

__all__ = [
    "HARNESS",
    "cache_folder",
    "engine_design",
    "engine_library",
    "hash_and_text",
    "library_of",
]

HARNESS = Path(__file__).with_name("harness.cc")
"""The C++ around the engine."""

_LIBRARY = "design.so"
# What decides, with a harness, what a design becomes.
_SHARED_SOURCES = [
    Path(__file__).with_name(name)
    for name in ("design.h", "pieces.py", "gates.py", "gate_order.py")
]

_log = logging.getLogger("consilience.simulation")


def engine_library(config: EngineConfig, *, waves: bool) -> Path:
    """Return the shared library of an engine (see `library_of`); a build takes about 12 s.

    Parameters
    ----------
    config : EngineConfig
        What to simulate.
    waves : bool
        With the means to record waveforms; then far slower.

    Raises
    ------
    CompilerMissing, BuildFailed
    """
    return library_of(engine_design(config), HARNESS, "engine", waves=waves)


def engine_design(config: EngineConfig) -> Design:
    """Return an engine as a design."""
    return Design(partial(emit_engine, config), made_from=str(config.build_hash))


def library_of(design: Design, harness: Path, name: str, *, waves: bool = False) -> Path:
    """Return the shared library of a design; build it if the cache has none.

    The first build on a machine takes 4 s more, for Yosys. One in the cache is found in some 10 ms.

    Parameters
    ----------
    design : Design
        What to simulate.
    harness : Path
        The C++ around it, which includes `design.h`.
    name : str
        What it is, for messages.
    waves : bool
        With the means to record waveforms; then far slower.

    Raises
    ------
    CompilerMissing, BuildFailed
    """
    compiler = find_compiler()
    folder = cache_folder() / "sim"
    folder.mkdir(parents=True, exist_ok=True)
    design_hash, text = hash_and_text(design)
    sources = [harness.read_text(), *(path.read_text() for path in _SHARED_SOURCES)]
    tools = (emission_tools(), compiler.identity, compiler.flags(_defines(waves)))
    entry = folder / digest(design_hash, sources, tools)

    def make(work: Path) -> Path:
        started = time.monotonic()
        _log.info("compiling the simulated %s, once; about 15 s", name)
        log = entry.with_suffix(".log")
        log.unlink(missing_ok=True)
        made = _build(design, text or design.emit(None), harness, compiler, work, log, waves=waves)
        _log.info("compiled the simulated %s in %.1f s", name, time.monotonic() - started)
        return made

    made_once(entry, make)
    return entry / _LIBRARY


def hash_and_text(design: Design, platform: object = None) -> tuple[str, str | None]:
    """Return the hash of a design's text for a platform, and the text if it had to be emitted.

    To emit it takes longer than all the rest of a start, so its hash is noted under that of all it
    is made from.
    """
    emitted = []

    def emit() -> str:
        emitted.append(design.emit(platform))
        return digest(emitted[0])

    if design.made_from is not None and gateware_unchanged():
        notes = cache_folder() / "sim" / "designs"
        made_from = (design.made_from, type(platform).__name__)
        design_hash = text_made_once(notes / digest(*made_from, emission_tools()), emit)
    else:
        design_hash = emit()
    return design_hash, emitted[0] if emitted else None


def _defines(waves: bool) -> tuple[str, ...]:
    return ("WAVES",) if waves else ()


def _build(
    design: Design,
    text: str,
    harness: Path,
    compiler: Compiler,
    work: Path,
    log: Path,
    *,
    waves: bool,
) -> Path:
    """Compile a design in an empty folder; return the entry of the cache that it makes."""
    if design.gates:
        (work / SOURCE).write_text(write_gates(text, TOP))
    else:
        write_cxxrtl(text, work, log, waves=waves)
    made = work / "entry"
    made.mkdir()
    # HARNESS.parent holds `design.h`, which harnesses of other folders include.
    includes = [work, runtime_headers(), HARNESS.parent]
    library = made / _LIBRARY
    compiler.compile(harness, library, includes=includes, defines=_defines(waves), log=log)
    return made
