"""What a part of the campaign did and found, to be added up over its parts."""

from collections import Counter
from dataclasses import dataclass, field

from tests.campaigns.fire.faults import Cell

__all__ = ["Tally"]


@dataclass
class Tally:
    """Counts, and the first complaints in words.

    Parameters
    ----------
    injected : Counter of Cell
    calls : int
        Of the driver; frames that a bench's parser accepted.
    right : int
        Calls that returned the right answer.
    raised : int
        Calls that raised `LinkError`, or at an opening `NoDevice`.
    recovered : int
        Calls, or frames right behind a fault, that were right although a fault hit; and calls that
        worked at once, and within one timeout, after one that raised.
    wrong, hangs, unusable, miscounted : int
        Wrong answers or frames; calls beyond their timeouts; calls that did not work after one that
        raised; counters that differ from what was injected. All must be 0.
    checked : int
        Times that counters were compared.
    complaints : list of str
    """

    injected: Counter[Cell] = field(default_factory=Counter)
    calls: int = 0
    right: int = 0
    raised: int = 0
    recovered: int = 0
    wrong: int = 0
    hangs: int = 0
    unusable: int = 0
    miscounted: int = 0
    checked: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Nothing that must be 0 is not, and there was a fault."""
        return self.faults > 0 and not self.failures

    @property
    def failures(self) -> int:
        """Sum of all that must be 0."""
        return self.wrong + self.hangs + self.unusable + self.miscounted

    @property
    def faults(self) -> int:
        """All faults injected."""
        return self.injected.total()

    def complain(self, counter: str, text: str) -> None:
        """Count something that must not be."""
        setattr(self, counter, getattr(self, counter) + 1)
        if len(self.complaints) < 5:
            self.complaints.append(f"{counter}: {text}")

    def add(self, other: "Tally") -> None:
        """Add what another part did."""
        self.injected += other.injected
        for name in (
            *("calls", "right", "raised", "recovered"),
            *("wrong", "hangs", "unusable", "miscounted", "checked"),
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.complaints += other.complaints
