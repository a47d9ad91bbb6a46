"""Simulated designs as shared libraries, each compiled once and kept in a cache folder."""

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
from .design import Design
from .emission import (
    emission_tools,
    emit_engine,
    gateware_unchanged,
    runtime_headers,
    write_cxxrtl,
)

__all__ = ["HARNESS", "cache_folder", "engine_library", "library_of"]

HARNESS = Path(__file__).with_name("harness.cc")
"""The C++ around the engine."""

_LIBRARY = "design.so"
# What decides, with a harness, what a design becomes.
_SHARED_SOURCES = [Path(__file__).with_name(name) for name in ("design.h", "pieces.py")]

_log = logging.getLogger("consilience.simulation")


def cache_folder() -> Path:
    """Return where compiled designs are kept; it need not exist.

    ``$CONSILIENCE_CACHE``, else ``$XDG_CACHE_HOME/consilience``, else ``~/.cache/consilience``.
    """
    own = os.environ.get("CONSILIENCE_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME")
    folder = Path(own) if own else Path(shared or Path.home() / ".cache") / "consilience"
    # The compiler runs in another folder.
    return folder.absolute()


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
    design = Design(lambda: emit_engine(config), made_from=str(config.build_hash))
    return library_of(design, HARNESS, "engine", waves=waves)


def library_of(design: Design, harness: Path, name: str, *, waves: bool = False) -> Path:
    """Return the shared library of a design; build it if the cache has none.

    The first build on a machine takes 4 s more, for Yosys. Several processes may ask for one design
    at once: one builds, the others wait. One in the cache is found in some 10 ms.

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
    design_hash, rtlil = _hash_and_rtlil(design, folder / "designs")
    defines = _defines(design, waves=waves)
    sources = [harness.read_text(), *(path.read_text() for path in _SHARED_SOURCES)]
    tools = (emission_tools(), compiler.identity, compiler.flags(defines))
    entry = folder / _digest(design_hash, sources, tools)
    library = entry / _LIBRARY
    if not library.exists():
        with _locked(entry.with_suffix(".lock")):
            if not library.exists():
                started = time.monotonic()
                _log.info("compiling the simulated %s, once; about 15 s", name)
                _build(design, rtlil or design.emit(), harness, compiler, entry, waves=waves)
                taken = time.monotonic() - started
                _log.info("compiled the simulated %s in %.1f s", name, taken)
    return library


def _hash_and_rtlil(design: Design, notes: Path) -> tuple[str, str | None]:
    """Return the hash of a design's RTLIL, and the RTLIL if it had to be emitted.

    To emit it takes longer than all the rest of a start, so its hash is noted under that of all it
    is made from.
    """
    if design.made_from is None:
        rtlil = design.emit()
        return _digest(rtlil), rtlil
    note = notes / _digest(design.made_from, emission_tools())
    trusted = gateware_unchanged()
    if trusted and note.exists():
        return note.read_text(), None
    rtlil = design.emit()
    design_hash = _digest(rtlil)
    if trusted:
        notes.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=notes) as name:
            part = Path(name) / "note"
            part.write_text(design_hash)
            part.replace(note)
    return design_hash, rtlil


def _defines(design: Design, *, waves: bool) -> tuple[str, ...]:
    return ("WAVES",) * waves + ("CONVERGING",) * design.converging


def _build(
    design: Design, rtlil: str, harness: Path, compiler: Compiler, entry: Path, *, waves: bool
) -> None:
    """Make an entry of the cache; it appears whole or not at all."""
    log = entry.with_suffix(".log")
    log.unlink(missing_ok=True)
    with TemporaryDirectory(dir=entry.parent, prefix="build-") as name:
        work = Path(name)
        write_cxxrtl(rtlil, work, log, waves=waves, converging=design.converging)
        made = work / "entry"
        made.mkdir()
        compiler.compile(
            harness,
            made / _LIBRARY,
            includes=[work, runtime_headers()],
            defines=_defines(design, waves=waves),
            log=log,
        )
        made.rename(entry)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time build an entry."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
