"""Decisions from posterior codes: by probability, or what costs least; ties told."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.monitor.promises import exact_number
from consilience.numbers.arrays import Codes
from consilience.verdicts.costs import Costs
from consilience.verdicts.power_sums import sign_of_sum
from consilience.verdicts.probabilities import probabilities
from consilience_hw.spec.log_format import Q16_16

__all__ = [
    "BENIGN",
    "IMPOSSIBLE",
    "LEVEL",
    "MOST_PROBABLE",
    "REVIEW",
    "UNDECIDED",
    "Decided",
    "DecisionRule",
]

IMPOSSIBLE = "impossible"
"""The decision for an agent whose every hypothesis is impossible."""
UNDECIDED = "undecided"
"""The decision where no hypothesis is probable enough, or two are equally good."""
MOST_PROBABLE = "most-probable"
"""How it is decided where a decision is wanted however near the hypotheses are."""
LEVEL = "0.95"
"""The probability from which a hypothesis is decided for, unless costs or another are given."""
REVIEW = "review"
"""The decision to let somebody look, where that costs least."""

BENIGN = "benign"
"""The hypothesis that all is well, if there is one of that name and none is named."""

_ZERO = Q16_16.log_of_zero
_MARGIN = 1e-9
"""Relative: costs in binary64 are within 1e-13, so that what differs by more is decided."""
_TINY = 1e-280
"""Below it binary64 loses digits."""


class Decided(NamedTuple):
    """Decisions about n agents.

    Parameters
    ----------
    choice : (n,) int64
        Place in `DecisionRule.labels`.
    tied : (n,) bool
        Two were equally good, exactly.
    cost : (n,) float64 or None
        Expected cost of the best decision (of the tied ones too); NaN if all is impossible. None
        without costs.
    """

    choice: NDArray[np.int64]
    tied: NDArray[np.bool_]
    cost: NDArray[np.float64] | None


class DecisionRule:
    """How posteriors become decisions.

    With costs the cheapest is chosen of: benign (a miss, if it is not), the most probable of the
    others (a false alarm, if it is benign), a review. Without them the hypothesis whose probability
    is at least the level, if there is one; or the most probable, however near the next one is.
    All is compared exactly, as functions of the codes; a tie goes to what is asked for.

    Parameters
    ----------
    hypotheses : sequence of str
    benign : str or None
        The hypothesis that all is well: needed for costs.
    costs : Costs or None
    tie : str
        What equals give: a hypothesis, "review" or "undecided".
    level : Fraction or None
        Above 1/2, below 1; without costs. None: the most probable.

    Attributes
    ----------
    labels : tuple of str
        The hypotheses, then impossible, undecided, review.

    Raises
    ------
    BadInput
        Costs without benign, or names that are no hypotheses.
    """

    def __init__(
        self,
        hypotheses: Sequence[str],
        benign: str | None = None,
        costs: Costs | None = None,
        tie: str = UNDECIDED,
        level: Fraction | None = None,
    ) -> None:
        self.hypotheses = tuple(hypotheses)
        self.benign, self.costs, self.tie, self.level = benign, costs, tie, level
        self.labels = (*self.hypotheses, IMPOSSIBLE, UNDECIDED, REVIEW)
        named = ", ".join(self.hypotheses)
        if benign is not None and benign not in self.hypotheses:
            raise BadInput(f"benign {benign!r} is no hypothesis; they are {named}")
        if costs is not None and benign is None:
            raise BadInput(f"costs need the hypothesis that all is well, benign: one of {named}")
        if tie not in (*self.hypotheses, UNDECIDED, REVIEW):
            raise BadInput(
                f"tie {tie!r} is no decision; give {UNDECIDED}, {REVIEW} or one of {named}"
            )

    def __str__(self) -> str:
        """Say how it is decided."""
        if self.costs is not None:
            return f"least cost ({self.costs})"
        if self.level is None:
            return "most probable"
        return f"probability {_plain(self.level)} or more"

    def decide(self, codes: Codes) -> Decided:
        """Return the decisions of posterior codes (n, H)."""
        none = (codes == _ZERO).all(axis=1)
        cost = None
        if self.costs is not None:
            choice, tied, cost = self._cheapest(codes, self.costs)
            cost[none] = np.nan
        elif self.level is not None:
            choice, tied = self._probable(codes, self.level), np.zeros(len(codes), np.bool_)
        else:
            choice, tied = _most_probable(codes)
        tied &= ~none
        choice[tied] = self.labels.index(self.tie)
        choice[none] = self.labels.index(IMPOSSIBLE)
        return Decided(choice, tied, cost)

    @classmethod
    def of(
        cls,
        hypotheses: Sequence[str],
        costs: Costs | None = None,
        benign: str | None = None,
        tie: str = UNDECIDED,
        decide: str | None = None,
    ) -> Self:
        """Return the rule of options as texts.

        A hypothesis of the name benign is that, unless told. Without costs `LEVEL` is asked for,
        unless `decide` says another or `MOST_PROBABLE`.

        Raises
        ------
        BadInput
            Options that do not go together.
        """
        if benign is None and BENIGN in hypotheses:
            benign = BENIGN
        if costs is not None:
            if decide is not None:
                raise BadInput("--cost and --decide are two ways to decide; give one of them")
            return cls(hypotheses, benign, costs, tie)
        if decide == MOST_PROBABLE:
            return cls(hypotheses, benign, None, tie)
        if tie != UNDECIDED:
            raise BadInput(
                f"--tie is of equals, and without --cost only what has probability "
                f"{decide or LEVEL} is decided; add --decide {MOST_PROBABLE}"
            )
        return cls(hypotheses, benign, None, tie, _level_of(decide or LEVEL))

    def _probable(self, codes: Codes, level: Fraction) -> NDArray[np.int64]:
        """Return the hypotheses whose probability is at least a level above 1/2, or undecided.

        As costs: 1 for what is wrong, 1 - level for no decision. Equal costs decide.
        """
        count, one = len(self.hypotheses), Fraction(1)
        table = [[one * (other != named) for other in range(count)] for named in range(count)]
        best, _ = _least(codes, [*table, [1 - level] * count])
        return np.where(best == count, self.labels.index(UNDECIDED), best)

    def _cheapest(
        self, codes: Codes, costs: Costs
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
        hypotheses, benign = len(self.hypotheses), self.labels.index(self.benign or "")
        others = np.arange(hypotheses) != benign
        named, named_tied = _most_probable(np.where(others, codes, _ZERO))
        zero = Fraction(0)
        table = [
            [costs.miss if other else zero for other in others],
            [zero if other else costs.false_alarm for other in others],
        ]
        if costs.review is not None:
            table.append([costs.review] * hypotheses)
        best, tied = _least(codes, table)
        choice = np.choose(
            best, [np.full(len(codes), benign), named, self.labels.index(REVIEW)]
        ).astype(np.int64)
        # Flagged it is; which of the others, cannot be told.
        tied |= (best == 1) & named_tied
        expected = probabilities(codes) @ np.array(table, np.float64).T
        return choice, tied, expected.min(axis=1)


def _level_of(text: str) -> Fraction:
    try:
        level = exact_number(text.replace("_", "?"), "--decide")
    except BadInput:
        level = Fraction(0)
    if not Fraction(1, 2) < level < 1:
        raise BadInput(
            f"--decide {text}: give {MOST_PROBABLE}, or the least probability to decide for, above "
            f"0.5 and below 1, as {LEVEL}"
        )
    return level


def _plain(level: Fraction) -> str:
    """Return a level as a decimal where it is one of few places."""
    text = f"{float(level):g}"
    return text if Fraction(text) == level else str(level)


def _most_probable(codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the largest code of each row, the first of equals, and which rows have equals."""
    choice = codes.argmax(axis=1)
    top = np.take_along_axis(codes, choice[:, np.newaxis], axis=1)
    return choice, (codes == top).sum(axis=1) > 1


def _least(
    codes: Codes, table: Sequence[Sequence[Fraction]]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the row of least cost for each agent, ``sum of table[row][h] * 2**codes[h]``, exactly.

    And which agents have two of least cost.
    """
    top = codes.max(axis=1, keepdims=True, initial=_ZERO).astype(np.float64)
    with np.errstate(under="ignore"):
        relative = np.exp2((codes - top) / Q16_16.fractions)
    relative[codes == _ZERO] = 0
    largest = max(max(row) for row in table)
    weights = np.array([[float(cost / largest) for cost in row] for row in table])
    costs = relative @ weights.T
    order = np.argsort(costs, axis=1, kind="stable")
    least, second = (np.take_along_axis(costs, order[:, k : k + 1], axis=1)[:, 0] for k in (0, 1))
    best = order[:, 0].astype(np.int64)
    tied = np.zeros(len(codes), np.bool_)
    unclear = np.flatnonzero((second - least <= _MARGIN * second) | (second < _TINY))
    if len(unclear):
        scale = lcm(*(cost.denominator for row in table for cost in row))
        whole = [[int(cost * scale) for cost in row] for row in table]
        rows, which = np.unique(codes[unclear], axis=0, return_inverse=True)
        found = [_exactly_least(row, whole) for row in rows.tolist()]
        best[unclear] = np.array([one for one, _ in found])[which.ravel()]
        tied[unclear] = np.array([two for _, two in found])[which.ravel()]
    return best, tied


def _exactly_least(codes: Sequence[int], table: Sequence[Sequence[int]]) -> tuple[int, bool]:
    best, tied = 0, False
    for row in range(1, len(table)):
        gap = [one - other for one, other in zip(table[row], table[best], strict=True)]
        sign = sign_of_sum(gap, codes)
        if sign < 0:
            best, tied = row, False
        elif sign == 0:
            tied = True
    return best, tied
