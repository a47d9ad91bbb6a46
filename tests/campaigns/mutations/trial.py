"""Tests run in a scratch copy, each time in a fresh process that starts in no time.

The processes are forked from one that has imported what all tests need and never changes (pytest,
NumPy, Amaranth, ...), but nothing of ours. That saves most of the 2 s that a test run of half a
second would else take.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.mutations.scratch import ROOT, SOURCES

__all__ = ["Outcome", "run_tests", "start_server"]

PRELOADED = (
    "pytest",
    "_pytest.assertion.rewrite",
    "numpy",
    "numba",
    "mpmath",
    "cobs.cobs",
    "hypothesis.strategies",
    "amaranth.sim",
    "amaranth.lib.crc.catalog",
    "amaranth.lib.fifo",
    "amaranth.lib.memory",
    "amaranth.back.rtlil",
)

OURS = ("consilience", "consilience_hw", "consilience_sim")

STRANGER = 86
"""Exit code of a run in which a module of ours did not come from the scratch copy."""


@dataclass(frozen=True)
class Outcome:
    """How a test run ended.

    Parameters
    ----------
    code : int
        pytest's exit code (0 passed, 1 failed); negative: a signal.
    seconds : float
    timed_out : bool
        It was ended by us.
    log : str
        What it printed.
    """

    code: int
    seconds: float
    timed_out: bool
    log: str

    @property
    def passed(self) -> bool:
        """All tests passed."""
        return self.code == 0 and not self.timed_out


def start_server() -> None:
    """Set up the process from which all test runs are forked."""
    # One thread each: two runs share two cores.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
    os.environ.setdefault("CONSILIENCE_CACHE", str(ROOT / "build" / "cache"))
    multiprocessing.set_start_method("forkserver", force=True)
    multiprocessing.set_forkserver_preload(list(PRELOADED))


def run_tests(root: Path, arguments: list[str], timeout: float) -> Outcome:
    """Run pytest in a scratch copy, up to the first failure.

    Parameters
    ----------
    root : Path
        Of the copy.
    arguments : list of str
        Node ids and further options of pytest.
    timeout : float
        Seconds after which the run is ended.
    """
    with tempfile.NamedTemporaryFile("r", dir=root, prefix="log-", errors="replace") as log:
        process = multiprocessing.Process(target=_inside, args=(root, arguments, log.name))
        started = time.monotonic()
        process.start()
        process.join(timeout)
        timed_out = process.is_alive()
        if timed_out:
            process.kill()
            process.join()
        seconds = time.monotonic() - started
        assert process.exitcode is not None
        text = log.read()
    if process.exitcode == STRANGER:
        raise RuntimeError(f"the copy was not what was tested:\n{text}")
    return Outcome(process.exitcode, seconds, timed_out, text)


def _inside(root: Path, arguments: list[str], log: str) -> None:
    """Run pytest in this process, which then ends."""
    descriptor = os.open(log, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(root)
    sources = [str(root / name) for name in SOURCES]
    # For processes that tests start, and for this one. The editable install comes later.
    os.environ["PYTHONPATH"] = os.pathsep.join(sources)
    sys.path[:] = [*sources, *(entry for entry in sys.path if entry not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.split(".")[0] in ("tests", *OURS)]:
        del sys.modules[name]
    import pytest
    from hypothesis import Phase, settings

    # Without shrinking: that a test fails is all we want to know.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", deadline=None, derandomize=True, phases=phases)
    options = ["-x", "-q", "-p", "no:cacheprovider", "--tb=short"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what was preloaded
    code = int(pytest.main([*options, "--hypothesis-profile=mutants", *arguments]))
    for name in OURS:
        module = sys.modules.get(name)
        if module is not None and not Path(str(module.__file__)).is_relative_to(root):
            print(f"{name} was imported from {module.__file__}, not from {root}")
            code = STRANGER
    sys.stdout.flush()
    sys.stderr.flush()
    # Not by the usual way out: threads that a fault left hanging would keep it open.
    os._exit(code)
