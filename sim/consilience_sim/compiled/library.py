"""Simulated engines as shared libraries, each compiled once and kept in a cache folder."""

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from consilience_hw.engine_config import EngineConfig

from .compiler import Compiler, find_compiler
from .emission import (
    emission_tools,
    emit_rtlil,
    gateware_unchanged,
    runtime_headers,
    write_cxxrtl,
)

__all__ = ["HARNESS", "cache_folder", "engine_library"]

HARNESS = Path(__file__).with_name("harness.cc")
"""The C++ around the engine."""

_LIBRARY = "engine.so"

_log = logging.getLogger("consilience.simulation")


def cache_folder() -> Path:
    """Return where compiled engines are kept; it need not exist.

    ``$CONSILIENCE_CACHE``, else ``$XDG_CACHE_HOME/consilience``, else ``~/.cache/consilience``.
    """
    own = os.environ.get("CONSILIENCE_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME")
    folder = Path(own) if own else Path(shared or Path.home() / ".cache") / "consilience"
    # The compiler runs in another folder.
    return folder.absolute()


def engine_library(config: EngineConfig, *, waves: bool) -> Path:
    """Return the shared library of an engine; build it if the cache has none.

    A build takes about 12 s, and 4 s more if Yosys has never run on this machine; several
    processes may ask for one engine at once: one builds, the others wait. An engine in the cache is
    found in some 10 ms.

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
    compiler = find_compiler()
    folder = cache_folder() / "sim"
    folder.mkdir(parents=True, exist_ok=True)
    design_hash, design = _design(config, folder / "designs")
    flags = compiler.flags(waves=waves)
    tools = (emission_tools(), compiler.identity, flags)
    entry = folder / _digest(design_hash, HARNESS.read_text(), tools)
    library = entry / _LIBRARY
    if not library.exists():
        with _locked(entry.with_suffix(".lock")):
            if not library.exists():
                _build(design or emit_rtlil(config), compiler, entry, waves=waves)
    return library


def _design(config: EngineConfig, notes: Path) -> tuple[str, str | None]:
    """Return the hash of an engine's RTLIL, and the RTLIL if it had to be emitted.

    To emit it takes longer than all the rest of a start, so its hash is noted under that of all it
    is made from.
    """
    note = notes / _digest(config.build_hash, emission_tools())
    trusted = gateware_unchanged()
    if trusted and note.exists():
        return note.read_text(), None
    design = emit_rtlil(config)
    design_hash = _digest(design)
    if trusted:
        notes.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=notes) as name:
            part = Path(name) / "note"
            part.write_text(design_hash)
            part.replace(note)
    return design_hash, design


def _build(design: str, compiler: Compiler, entry: Path, *, waves: bool) -> None:
    """Make an entry of the cache; it appears whole or not at all."""
    started = time.monotonic()
    _log.info("compiling the simulated engine, once; about 15 s")
    log = entry.with_suffix(".log")
    log.unlink(missing_ok=True)
    with TemporaryDirectory(dir=entry.parent, prefix="build-") as name:
        work = Path(name)
        write_cxxrtl(design, work, log, waves=waves)
        made = work / "entry"
        made.mkdir()
        includes = [work, runtime_headers()]
        compiler.compile(HARNESS, made / _LIBRARY, includes, log, waves=waves)
        made.rename(entry)
    _log.info("compiled the simulated engine in %.1f s", time.monotonic() - started)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time build an entry."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
