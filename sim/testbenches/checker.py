"""Compares what a design gives with what a model expects, in order."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

import cocotb
from cocotb.simtime import get_sim_time

__all__ = ["CheckFailed", "Expectation", "InOrderChecker"]

_SEED = cocotb.RANDOM_SEED  # of the run; cocotb derives one for each test from it


class CheckFailed(AssertionError):
    """A check of the testbench failed; the message ends with when, and what repeats the run."""

    def __init__(self, message: str) -> None:
        now = int(get_sim_time("ns"))
        super().__init__(f"{message} (at {now} ns; repeat with COCOTB_RANDOM_SEED={_SEED})")


class Expectation(Protocol):
    """One output that a model expects."""

    def complaint(self, observed: Any) -> str | None:
        """Return what is wrong with the observed output, inputs included, or None."""

    def __str__(self) -> str:
        """Say what is expected, for the message that it did not come."""


class InOrderChecker:
    """A queue of expectations that the outputs of a design have to meet one by one.

    Parameters
    ----------
    unit : str
        What one output is, for messages.
    """

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.checked = 0
        self._expected: deque[Expectation] = deque()

    def expect(self, expectations: Iterable[Expectation]) -> None:
        """Queue expectations."""
        self._expected.extend(expectations)

    def observe(self, observed: Any) -> None:
        """Check one output against the oldest expectation.

        Raises
        ------
        CheckFailed
            It differs, or nothing is expected.
        """
        if not self._expected:
            raise CheckFailed(f"{self.unit} {self.checked} is one more than expected: {observed}")
        complaint = self._expected.popleft().complaint(observed)
        if complaint is not None:
            raise CheckFailed(f"{self.unit} {self.checked}: {complaint}")
        self.checked += 1

    @property
    def pending(self) -> int:
        """Outputs still expected."""
        return len(self._expected)

    def flush(self) -> None:
        """Expect nothing any more: the design was reset."""
        self._expected.clear()

    def finish(self) -> None:
        """Raise CheckFailed if an expected output has not come."""
        if self._expected:
            raise CheckFailed(
                f"{len(self._expected)} expected outputs did not come; the first is "
                f"{self.unit} {self.checked}: {self._expected[0]}"
            )
