"""Where the sum of a pair's ratios decides: from the prior, and from costs; in whole ulp."""

from fractions import Fraction
from math import inf
from typing import NamedTuple

from consilience.errors import BadInput
from consilience.numbers.arrays import Codes
from consilience.numbers.exact_logarithms import ceil_log2, floor_log2
from consilience.verdicts.costs import Costs
from consilience.verdicts.decisions import IMPOSSIBLE, REVIEW, DecisionRule
from consilience_hw.spec.log_format import Q16_16

__all__ = ["PairThresholds", "thresholds_of"]

_NEVER = 1 << 62
"""Beyond every sum."""

Odds = Fraction | float
"""A float is infinite."""


class PairThresholds(NamedTuple):
    """What a sum x in ulp decides: `first` if x > above, `second` if x < below, a review between.

    Parameters
    ----------
    first, second : int
        Places of the decisions in `DecisionRule.labels`.
    above, below : int
        In ulp; x is whole, so that real thresholds are rounded to where nothing changes.
    review : (int, int, int) or None
        Place of that decision, and the thresholds that x is above and below for it.
    prior : int
        The sum at which both are equally probable.
    """

    first: int
    second: int
    above: int
    below: int
    review: tuple[int, int, int] | None
    prior: int


def thresholds_of(
    rule: DecisionRule, prior: Codes, pairs: list[tuple[int, int]]
) -> list[PairThresholds]:
    """Return the thresholds of each pair.

    Raises
    ------
    BadInput
        A prior of zero; costs of more than two hypotheses.
    """
    start = [int(code) for code in prior]
    if Q16_16.log_of_zero in start:
        name = rule.hypotheses[start.index(Q16_16.log_of_zero)]
        raise BadInput(
            f"{name} has prior 0, which no reporter can change; leave it out with --hypotheses, or "
            "give it a prior above 0"
        )
    if rule.costs is None:
        return [
            PairThresholds(
                a, b, start[b] - start[a], start[b] - start[a], None, start[b] - start[a]
            )
            for a, b in pairs
        ]
    if len(pairs) > 1:
        raise BadInput(
            "--cost with --faulty is for two hypotheses: intervals are of pairs; choose two with "
            "--hypotheses"
        )
    benign = rule.labels.index(rule.benign or IMPOSSIBLE)
    at = start[benign] - start[1 - benign]
    flagged, cleared = _odds(rule.costs)
    review = rule.labels.index(REVIEW) if cleared < flagged else None
    # In bits of the other against benign; then with its sign, as the pair has it.
    more, less = at + _floor(flagged), at + _ceil(cleared)
    inner = (at + _floor(cleared), at + _ceil(flagged))
    if benign == 1:
        between = None if review is None else (review, *inner)
        return [PairThresholds(0, 1, more, less, between, at)]
    between = None if review is None else (review, -inner[1], -inner[0])
    return [PairThresholds(0, 1, -less, -more, between, -at)]


def _odds(costs: Costs) -> tuple[Odds, Odds]:
    """Return the odds above which an agent is flagged, and those below which it is cleared."""
    flagged: Odds = costs.false_alarm / costs.miss if costs.miss else inf
    cleared, review = flagged, costs.review
    if review is not None:
        if review < costs.miss:
            cleared = min(cleared, review / (costs.miss - review))
        if review < costs.false_alarm:
            flagged = max(flagged, (costs.false_alarm - review) / review if review else inf)
    return flagged, cleared


def _floor(odds: Odds) -> int:
    """Return ``floor(65536 log2(odds))``."""
    if not isinstance(odds, Fraction):
        return _NEVER
    return floor_log2(odds.numerator, odds.denominator) if odds else -_NEVER


def _ceil(odds: Odds) -> int:
    if not isinstance(odds, Fraction):
        return _NEVER
    return ceil_log2(odds.numerator, odds.denominator) if odds else -_NEVER
