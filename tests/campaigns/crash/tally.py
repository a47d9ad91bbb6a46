"""What a part of the campaign did and found, to be added up over its parts."""

from collections import Counter
from dataclasses import dataclass, field

from tests.campaigns.crash.faulty_disk import Fault

__all__ = ["FORBIDDEN", "Tally"]

FORBIDDEN = {
    "lost": "acknowledged frames lost",
    "invented": "frames invented",
    "twice": "frames replayed twice",
    "cut": "silent truncations",
    "denied": "logs refused after a crash that leaves data in order",
    "said": "states said before their frames were safe",
    "incarnation": "incarnations used twice",
    "neither": "outputs that are neither old nor new nor absent",
    "gone": "outputs or keys gone that were there",
    "half": "keys that are not whole, or public ones without the private",
    "broke": "starts that ended in another error",
    "left": "files left beside an output by the next writing",
}
"""What must not happen: its counter, in words."""


@dataclass
class Tally:
    """Counts, and the first complaints in words.

    Parameters
    ----------
    points : Counter of str
        Crash points by scenario: what was on the disk, and what was promised by then, each once.
    lives, calls : int
        Processes that ran, and calls on files that they made.
    faults : Counter of Fault
    refused : int
        Logs refused in words, for zeros in place of what was written: allowed.
    flipped : int
        Logs with a flipped bit, all refused in words.
    parts_left : int
        Crash points at which a ``.part`` file lay beside an output.
    alone : int
        Crash points at which a private key was there without its public one.
    forbidden : Counter of str
        By key of `FORBIDDEN`. All must be 0.
    complaints : list of str
    """

    points: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    calls: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    refused: int = 0
    flipped: int = 0
    parts_left: int = 0
    alone: int = 0
    forbidden: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Nothing forbidden happened, and something was tried."""
        return self.points.total() > 0 and not self.forbidden.total()

    def complain(self, what: str, text: str) -> None:
        """Count something that must not be."""
        assert what in FORBIDDEN
        self.forbidden[what] += 1
        if len(self.complaints) < 5:
            self.complaints.append(f"{FORBIDDEN[what]}: {text}")

    def add(self, other: "Tally") -> None:
        """Add what another part did."""
        self.points += other.points
        self.faults += other.faults
        self.forbidden += other.forbidden
        for name in ("lives", "calls", "refused", "flipped", "parts_left", "alone"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.complaints += other.complaints
