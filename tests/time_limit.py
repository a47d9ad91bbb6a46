"""A share of many tests: those that start within some minutes, in another order for each commit.

A run in which none starts fails.
"""

import hashlib
import time

import pytest

from consilience_tools.pages.stamp import checked_out

__all__ = ["TimeLimit"]


class TimeLimit:
    """Lets no test start after so many minutes, and says how many were left out.

    Files come in an order that the commit decides, so that runs of some commits reach all of them;
    tests of a file stay together, as what they share is made once.

    Parameters
    ----------
    config : pytest.Config
    minutes : float
        From the start of this process, or of this worker.
    """

    def __init__(self, config: pytest.Config, minutes: float) -> None:
        if minutes <= 0:
            raise pytest.UsageError(f"--minutes {minutes:g}: no test could start; give more than 0")
        self._root, self._minutes = config.rootpath, minutes
        self._end = time.monotonic() + 60 * minutes
        self._collected: set[str] = set()
        self._reported: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        commit = checked_out(self._root)

        def place(item: pytest.Item) -> bytes:
            file = item.path.relative_to(self._root)
            return hashlib.sha256(f"{commit} {file}".encode()).digest()

        items.sort(key=place)
        self._collected = {item.nodeid for item in items}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._collected = set(ids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self) -> bool | None:
        return time.monotonic() > self._end or None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reported.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        is_worker = hasattr(session.config, "workerinput")
        if not (self._reported or is_worker) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        ran, left = len(self._reported), len(self._collected - self._reported)
        terminalreporter.write_line(
            f"{ran} started within {self._minutes:g} minutes; {left} were left out"
        )
