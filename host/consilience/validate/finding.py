"""What the test of a claim finds, at which scale, and why it may not run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Finding", "NotRun", "Scale", "Verdict"]


class Scale(StrEnum):
    """How much is run: a minute or two, three minutes, or hours, on two idle cores."""

    QUICK = "quick"
    DEFAULT = "default"
    FULL = "full"


class Verdict(StrEnum):
    """What came of a claim."""

    PASS = "pass"
    FAIL = "fail"
    NOT_RUN = "NOT RUN"


class NotRun(Exception):
    """A claim cannot be put to the test here; the message is the reason, and names the cure."""


@dataclass(frozen=True)
class Finding:
    """What a test of a claim found.

    All but `measured` is the same in every run of the same version and options: it may be signed.

    Parameters
    ----------
    ran : str
        What was run: on what, with which seeds.
    cases : int
        How many were judged, 1 or more.
    failures : int
        How many of them broke the claim; at 0 it stands.
    worst : str
        The worst case, in the unit of the bound.
    bound : str
        What the worst case was judged by.
    interval : str
        Confidence interval of a share or a mean, with its level and method; empty for what is
        exact.
    measured : mapping
        What depends on the clock or the machine: seconds, exponents, coefficients.
    """

    ran: str
    cases: int
    failures: int
    worst: str = ""
    bound: str = ""
    interval: str = ""
    measured: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.cases < 1:
            raise ValueError("a test that judged nothing says nothing")
