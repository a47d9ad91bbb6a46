"""What a step of the verification is, and what it has to say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Claim", "Findings", "Progress", "Scale", "Step"]


class Scale(Enum):
    """How much of its cases a step goes through."""

    FULL = "full"
    """All that `make verify` promises."""
    SLICE = "slice"
    """A sample for `make test`, of some seconds."""


Progress = Callable[[int, int], None]
"""Called as progress(done, total), in any unit."""


@dataclass(frozen=True)
class Claim:
    """One claim, put to the test.

    Parameters
    ----------
    text : str
        What is claimed, as a sentence.
    cases : int
        Cases tried; a claim without one does not hold.
    failures : int
        Cases in which it was wrong.
    measured, bound : str
        The worst that was measured, and the most that is allowed or proved, with units.
    detail : str
        For a person who must act: the failing or the worst case, raw and scaled.
    """

    text: str
    cases: int
    failures: int = 0
    measured: str = ""
    bound: str = ""
    detail: str = ""

    @property
    def holds(self) -> bool:
        """No failure, and not for want of trying."""
        return self.cases > 0 and self.failures == 0


@dataclass
class Findings:
    """What a step found.

    Parameters
    ----------
    claims : list of Claim
        None at all is a failure, too.
    digests : dict of str to str
        SHA-256 in hex by what was digested.
    seeds : dict of str to int
        Of everything random.
    not_run : dict of str to str
        What could not be tried here, and what it needs: no claim is made of it.
    """

    claims: list[Claim] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    seeds: dict[str, int] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)

    @property
    def hold(self) -> bool:
        """Every claim holds, and there is one."""
        return bool(self.claims) and all(claim.holds for claim in self.claims)


@dataclass(frozen=True)
class Step:
    """A step: its short name for the command line, its title, and the function that runs it."""

    name: str
    title: str
    run: Callable[[Scale, Progress], Findings]
