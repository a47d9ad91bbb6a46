"""Many changed copies put to the test, two at a time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.mutations.scratch import Scratch
from tests.campaigns.mutations.trial import Outcome, run_tests

__all__ = ["AT_ONCE", "Case", "CleanCopyFails", "Field", "Verdict"]

AT_ONCE = 2

PATIENCE = 20.0
"""Seconds that a mutant may take in any case."""

CLEAN_LIMIT = 300.0
"""Seconds that tests may take on a clean copy."""

Tick = Callable[[], None]
"""Called whenever a run has ended."""


class CleanCopyFails(RuntimeError):
    """Tests fail where nothing was changed: they can catch nothing."""


@dataclass(frozen=True)
class Case:
    """A changed file, and the tests that are to notice.

    Parameters
    ----------
    name : str
    path : str
        From the root of the checkout.
    text : str
        All of the changed file.
    tests : tuple of tuple of str
        Arguments of one or more runs of pytest; those after the first that fails are not made.
    """

    name: str
    path: str
    text: str
    tests: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Verdict:
    """What became of a case.

    Parameters
    ----------
    name : str
    caught_by : str
        The run of tests that failed; empty if none did.
    how : str
        "failed", "no end" (a hang), "broke" (the tests could not even begin) or "survived".
    seconds : float
    """

    name: str
    caught_by: str
    how: str
    seconds: float


class _Copies:
    """Scratch copies, one for each run at a time."""

    def __init__(self, folder: Path) -> None:
        self._free = [Scratch(folder / f"copy-{number}") for number in range(AT_ONCE)]
        self._lock = threading.Lock()

    def take(self) -> Scratch:
        with self._lock:
            return self._free.pop()

    def give(self, scratch: Scratch) -> None:
        with self._lock:
            self._free.append(scratch)

    @property
    def root(self) -> Path:
        return self._free[0].root


class Field:
    """Where cases are tried: the scratch copies, and how long tests take on a clean one.

    Parameters
    ----------
    folder : Path
        For the copies.
    """

    def __init__(self, folder: Path) -> None:
        self._copies = _Copies(folder)
        self._clean: dict[tuple[str, ...], float] = {}

    @property
    def root(self) -> Path:
        """A copy that nothing changes while no case is tried."""
        return self._copies.root

    def rehearse(self, tests: Sequence[tuple[str, ...]], tick: Tick) -> None:
        """Run tests on a clean copy, each alone, as they will run on a changed one.

        Raises
        ------
        CleanCopyFails
            One does not pass.
        """

        def run(arguments: tuple[str, ...]) -> None:
            scratch = self._copies.take()
            try:
                outcome = run_tests(scratch.root, list(arguments), CLEAN_LIMIT)
            finally:
                self._copies.give(scratch)
            if not outcome.passed:
                raise CleanCopyFails(f"{' '.join(arguments)}:\n{outcome.log[-3000:]}")
            self._clean[arguments] = outcome.seconds
            tick()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(run, tests))

    def judge(self, cases: Sequence[Case], tick: Tick) -> list[Verdict]:
        """Return what became of each case; `rehearse` must have run all their tests."""

        def run(case: Case) -> Verdict:
            scratch = self._copies.take()
            try:
                with scratch.changed(case.path, case.text):
                    verdict = self._try(case, scratch.root)
            finally:
                self._copies.give(scratch)
            tick()
            return verdict

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(run, cases))

    def _try(self, case: Case, root: Path) -> Verdict:
        seconds = 0.0
        for arguments in case.tests:
            limit = PATIENCE + 5 * self._clean[arguments]
            outcome = run_tests(root, list(arguments), limit)
            seconds += outcome.seconds
            if not outcome.passed:
                return Verdict(case.name, " ".join(arguments), _how(outcome), round(seconds, 1))
        return Verdict(case.name, "", "survived", round(seconds, 1))


def _how(outcome: Outcome) -> str:
    if outcome.timed_out:
        return "no end"
    return "failed" if outcome.code == 1 else "broke"
