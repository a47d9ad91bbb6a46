"""What the study counts: rates with their intervals, by attack, size and share of liars."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

__all__ = ["Cell", "Rate", "cell_of"]


@dataclass(frozen=True)
class Rate:
    """A share of trials with its 95 % interval after Wilson.

    Parameters
    ----------
    count, trials : int
    worse_class : float
        The share in that class of runs, benign or hijacked, in which it is higher.
    """

    count: int
    trials: int
    worse_class: float

    @classmethod
    def of(cls, happened: list[NDArray[np.bool_]]) -> "Rate":
        """Return the rate of what happened, by class and trial."""
        return cls(
            sum(int(one.sum()) for one in happened),
            sum(len(one) for one in happened),
            max(float(one.mean()) for one in happened),
        )

    @property
    def share(self) -> float:
        """Count per trial."""
        return self.count / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        found = binomtest(self.count, self.trials).proportion_ci(method="wilson")
        return float(found.low), float(found.high)

    def value(self) -> dict[str, Any]:
        """Return what is written to the JSON file."""
        return asdict(self) | {"share": self.share, "interval_95": list(self.interval)}


@dataclass(frozen=True)
class Cell:
    """One attack at one number of reporters and share of liars, over both classes.

    Parameters
    ----------
    reporters, liars : int
    share, attack : str
    errors : dict of str to Rate
        By rule: not the sign of the truth.
    undecided : Rate
        The certified interval holds the threshold.
    wrong_certified : Rate
        Decided, and not as the honest reporters' own sum of binned ratios. Beyond n > 3 f, where
        nothing is certified, f is told too low.
    """

    reporters: int
    liars: int
    share: str
    attack: str
    errors: dict[str, Rate]
    undecided: Rate
    wrong_certified: Rate

    @property
    def is_certified(self) -> bool:
        """Whether f < n / 3."""
        return self.reporters > 3 * self.liars

    def value(self) -> dict[str, Any]:
        """Return what is written to the JSON file."""
        return {
            "reporters": self.reporters,
            "liars": self.liars,
            "share": self.share,
            "attack": self.attack,
            "errors": {rule: rate.value() for rule, rate in self.errors.items()},
            "undecided": self.undecided.value(),
            "wrong_certified": self.wrong_certified.value(),
        }


def cell_of(cells: Iterable[Cell], reporters: int, share: str, attack: str) -> Cell:
    """Return the cell of one size, share and attack."""
    wanted = (reporters, share, attack)
    return next(one for one in cells if (one.reporters, one.share, one.attack) == wanted)
