"""Reporters who contradict the rest: each against the others' trimmed mean, agent by agent."""

from collections.abc import Sequence
from fractions import Fraction
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Reputation", "Reputations", "is_rare"]

_LEVEL = Fraction(1, 100)
"""Chance that any reporter is named who says the opposite as often as by a coin."""
_EXACT = 4_096
"""Agents up to which the chance is counted exactly; beyond, Hoeffding's bound is enough."""
_LN_2 = (6_931_472, 10_000_000)
"""Above ln 2."""


class Reputation(NamedTuple):
    """How one reporter stands to the rest.

    Parameters
    ----------
    reporter : str
    agents : int
        About whom it reported, beside others.
    agrees, contradicts : int
        Agents of whom its ratios have the sign of the others' trimmed mean, or the opposite.
    mean_bits : float
        Its binned ratios with the sign of the others, on average: below 0 where it contradicts.
    """

    reporter: str
    agents: int
    agrees: int
    contradicts: int
    mean_bits: float

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return self._asdict()


class Reputations:
    """Counts over all agents, integers.

    Each report is held against the trimmed sum of all other reports about the same agent, from
    which it is left out exactly; of several pairs of hypotheses the products are added.
    """

    def __init__(self) -> None:
        self._counts = np.zeros((4, 0), np.int64)

    def add(self, reporter: NDArray[np.int64], towards: NDArray[np.int64]) -> None:
        """Take reports: reporters' numbers (n,), and how far each goes with the others (n,)."""
        size = max(self._counts.shape[1], int(reporter.max(initial=-1)) + 1)
        counts = np.zeros((4, size), np.int64)
        counts[:, : self._counts.shape[1]] = self._counts
        for row, values in enumerate((np.ones_like(towards), towards > 0, towards < 0, towards)):
            np.add.at(counts[row], reporter, values)
        self._counts = counts

    def contradicting(self, names: Sequence[str], unit: int) -> list[Reputation]:
        """Return those who contradict more often than chance allows, the worst first.

        Against a coin that lands on either side: the probability of so many contradictions is at
        most 1 % over all reporters together.

        Parameters
        ----------
        names : sequence of str
            By number.
        unit : int
            k, in ulp.
        """
        agents, agrees, contradicts, towards = self._counts
        found = [
            Reputation(
                names[number],
                int(agents[number]),
                int(agrees[number]),
                int(contradicts[number]),
                int(towards[number]) * unit / 65_536 / int(agents[number]),
            )
            for number in np.flatnonzero(contradicts > agrees).tolist()
            if is_rare(int(agrees[number]), int(contradicts[number]), len(names))
        ]
        return sorted(found, key=lambda one: (one.mean_bits, one.reporter))


def is_rare(agrees: int, contradicts: int, reporters: int) -> bool:
    """Return whether so many of fair coins have a chance of at most 1 % / reporters."""
    count = agrees + contradicts
    if count <= _EXACT:
        tail = sum(comb(count, k) for k in range(contradicts, count + 1))
        return Fraction(tail, 2**count) * reporters <= _LEVEL
    # P <= exp(-(difference)^2 / (2 count)); ln of 100 reporters is at most its length times ln 2.
    bits = (reporters * _LEVEL.denominator).bit_length()
    above, below = _LN_2
    return (contradicts - agrees) ** 2 * below >= 2 * count * bits * above
