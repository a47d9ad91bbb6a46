"""Whether numbers are probably what they are taken for: doubts in words, each with its cure."""

import numpy as np
from numpy.typing import NDArray

from consilience.numbers.arrays import Words
from consilience_hw.spec.number_formats import ONE

__all__ = ["Plausibility"]

_BEYOND_NATS = 22_713
"""Natural logarithms beyond it saturate; codes usually are, being 2**16 to the bit."""


class Plausibility:
    """Sees all values of a file once, and says what they look like.

    Nothing here is certain: densities have positive logarithms, and a file of few rows can look
    like anything. So these are warnings, unless the user wants them to be errors.

    Parameters
    ----------
    columns : int
        Hypotheses.
    """

    def __init__(self, columns: int) -> None:
        self._lowest = np.full(columns, np.inf)
        self._highest = np.full(columns, -np.inf)
        self._whole = True
        self._most_weight = 0

    def look(self, values: NDArray[np.float64], weight: Words | None) -> None:
        """Take rows: log-likelihoods (n, hypotheses) as they stand in the file, weights (n,)."""
        if not len(values):
            return
        finite = np.isfinite(values)
        self._lowest = np.minimum(self._lowest, np.where(finite, values, np.inf).min(axis=0))
        self._highest = np.maximum(self._highest, np.where(finite, values, -np.inf).max(axis=0))
        self._whole = self._whole and bool((values[finite] == np.rint(values[finite])).all())
        if weight is not None:
            self._most_weight = max(self._most_weight, int(weight.max()))

    def doubts(self, names: tuple[str, ...], weight: str | None) -> list[str]:
        """Return what the values look like if not log-likelihoods; nothing if there is no doubt."""
        found = []
        lowest, highest = float(self._lowest.min()), float(self._highest.max())
        seen = ", ".join(names)
        if lowest >= 0 and 0 < highest <= 1:
            found.append(
                f"all values of {seen} are in 0 .. 1: probabilities? log-likelihoods are needed, "
                "as numpy.log gives them"
            )
        elif lowest >= 0 and highest > 0:
            metrics = [name for name, high in zip(names, self._highest, strict=True) if high > 0]
            found.append(
                f"no value of {seen} is negative: {', '.join(metrics)} may be metrics or counts, "
                "not log-likelihoods; name the right columns with --hypotheses"
            )
        elif self._whole and max(-lowest, highest) > _BEYOND_NATS:
            found.append(
                f"all values of {seen} are integers and some beyond +-{_BEYOND_NATS:,}: codes? "
                "consilience.from_codes() makes natural logarithms of them"
            )
        if weight is not None and 0 < self._most_weight <= ONE >> 10:
            found.append(
                f"the largest weight in {weight} is {self._most_weight} of {ONE} (= 1): give "
                f"weights times {ONE}, or leave the column out if every row counts 1"
            )
        return found
