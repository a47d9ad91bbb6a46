"""A claim, and what came of it when it was put to the test."""

from collections.abc import Callable
from dataclasses import dataclass

from consilience.validate.bench import Bench
from consilience.validate.finding import Finding, Verdict

__all__ = ["Claim", "Tested"]


@dataclass(frozen=True)
class Claim:
    """Something that the project says of itself, and how it is put to the test.

    Parameters
    ----------
    name : str
        ``area.what``, with ``.DEVICE`` behind it where there is one for each device; for ever.
    statement : str
        What is claimed: one sentence.
    test : callable
        Bench to `Finding`. Raises `NotRun` where it cannot be tested; `Mismatch`, or any other
        error, is a failure.
    cost : float
        About its seconds on an idle core: for the time that is left.
    """

    name: str
    statement: str
    test: Callable[[Bench], Finding]
    cost: float = 1.0


@dataclass(frozen=True)
class Tested:
    """A claim with what came of it.

    Parameters
    ----------
    name, statement : str
    verdict : Verdict
    finding : Finding or None
        None where nothing was judged.
    reason : str
        Why not, or what went wrong beside the count of failures.
    seconds : float
        Wall time of the test.
    """

    name: str
    statement: str
    verdict: Verdict
    finding: Finding | None
    reason: str = ""
    seconds: float = 0.0
