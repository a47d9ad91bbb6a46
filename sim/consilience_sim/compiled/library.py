"""Simulated designs as shared libraries, each compiled once and kept in a cache folder."""

import logging
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.cache import cache_folder, digest, made_once, text_made_once
from consilience_sim.compiled.compiler import find_compiler
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
    design_hash, text = hash_and_text(design)
    sources = [harness.read_text(), *(path.read_text() for path in _SHARED_SOURCES)]
    tools = (emission_tools(), compiler.identity, compiler.flags(waves=waves))
    entry = cache_folder() / "sim" / digest(design_hash, sources, tools)

    def make(work: Path, made: Path) -> None:
        started = time.monotonic()
        _log.info("compiling the simulated %s, once; about a minute", name)
        log = entry.with_suffix(".log")
        log.unlink(missing_ok=True)
        if design.gates:
            (work / SOURCE).write_text(write_gates(text(), TOP))
        else:
            write_cxxrtl(text(), work, log, waves=waves)
        # The folder of `design.h`, for harnesses of other folders.
        includes = [work, runtime_headers(), HARNESS.parent]
        compiler.compile(harness, made / _LIBRARY, includes=includes, waves=waves, log=log)
        _log.info("compiled the simulated %s in %.1f s", name, time.monotonic() - started)

    made_once(entry, make)
    return entry / _LIBRARY


def hash_and_text(design: Design, platform: object = None) -> tuple[str, Callable[[], str]]:
    """Return the hash of a design's text for a platform, and the text, emitted when first called.

    To emit it takes longer than all the rest of a start, so its hash is noted under that of all it
    is made from.
    """
    text = cache(partial(design.emit, platform))
    if design.made_from is None or not gateware_unchanged():
        return digest(text()), text
    made_from = (design.made_from, type(platform).__name__)
    note = cache_folder() / "sim" / "designs" / digest(*made_from, emission_tools())
    return text_made_once(note, lambda: digest(text())), text
