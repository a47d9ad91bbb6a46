"""How far rows moved odds, and which moved the verdicts of many agents at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from consilience.explain.verdict import posteriors_of
from consilience.numbers.arrays import Codes, Offsets, Words
from consilience.verdicts.decisions import IMPOSSIBLE, DecisionRule
from consilience.verdicts.exact_totals import LOW_BITS, ExactTotals
from consilience.verdicts.probabilities import probabilities
from consilience_hw.spec.log_format import Q16_16

__all__ = ["bits_in_words", "moved_by", "moves_of"]

_Q32 = 2.0**-LOW_BITS
_FAR = 1 << 30
"""Bits: no odds of codes are so long, and shifted it fits 64 bits."""


def moves_of(
    each: ExactTotals, first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how far each row moved the odds of hypothesis `first` against `second`, in bits.

    Parameters
    ----------
    each : ExactTotals
        Rows (n, H).
    first, second : (n,) int64
        Of each row.

    Returns
    -------
    (n,) float64
        Infinite where one of the two is ruled out, 0 where both are.
    """
    rows = np.arange(len(first))
    high = np.clip(each.high[rows, first] - each.high[rows, second], -_FAR, _FAR)
    low = each.low[rows, first] - each.low[rows, second]
    bits = np.asarray(((high << LOW_BITS) + low) * _Q32, np.float64)
    for_it, against = each.zeros[rows, second] > 0, each.zeros[rows, first] > 0
    bits[for_it & ~against], bits[against & ~for_it] = np.inf, -np.inf
    bits[for_it & against] = 0.0
    return bits


def bits_in_words(bits: float, ruled_out: Sequence[str]) -> str:
    """Return how far a row moved odds, or which hypotheses it rules out."""
    return f"rules out {' and '.join(ruled_out)}" if ruled_out else f"{bits:+.2f} bits"


def moved_by(
    codes: Codes,
    weight: Words | None,
    offsets: Offsets,
    numbers: Sequence[int] | NDArray[np.int64],
    posterior: Codes,
    prior: Codes,
    rule: DecisionRule,
    most: int,
) -> list[str]:
    """Return for each agent the rows that moved it most, in words; empty where it is benign.

    Parameters
    ----------
    codes, weight, offsets
        Rows by agent, as of `Device.posteriors`.
    numbers : (n,) integers
        What rows are called by.
    posterior : (agents, H) codes
    prior : (H,) codes
    rule : DecisionRule
        With benign.
    most : int
        Most rows of an agent.
    """
    benign = rule.labels.index(rule.benign or "")
    choice = rule.decide(posterior).choice
    agents = np.flatnonzero(choice != benign)
    texts = [""] * len(posterior)
    if not len(agents):
        return texts
    others = np.where(np.arange(posterior.shape[1]) == benign, Q16_16.log_of_zero, posterior)
    is_named = choice < posterior.shape[1]
    first = np.where(is_named, choice, others.argmax(axis=1))
    if first_is_benign := np.flatnonzero(first == benign).tolist():  # others are all ruled out
        first[first_is_benign] = 0 if benign else 1
    counts = np.diff(offsets)[agents]
    ends = np.cumsum(counts)
    rows = np.arange(ends[-1]) + np.repeat(offsets[agents] - (ends - counts), counts)
    whose = np.repeat(np.arange(len(agents)), counts)
    each = ExactTotals.of_rows(codes[rows], None if weight is None else weight[rows])
    moves = moves_of(each, first[agents][whose], np.full(len(rows), benign))
    ruling = each.zeros > 0
    # Of the impossible, the rows that rule something out; of others, those that moved the odds.
    impossible = (choice[agents] == rule.labels.index(IMPOSSIBLE))[whose]
    counted = np.where(impossible, ruling.any(axis=1), moves > 0)
    order = np.lexsort((-moves, ~counted, whose))
    rank = np.arange(len(order)) - (ends - counts)[whose[order]]
    kept = order[(rank < most) & counted[order]]
    totals = each.by_agent(np.concatenate([[0], ends]))
    without = posteriors_of(totals.take(whose[kept]).without(each.take(kept)), prior)
    decided = rule.decide(without).choice
    shown = _chosen(probabilities(without), decided)
    places = np.asarray(numbers)[rows[kept]]
    for place, row, agent, bits, label, p in zip(
        places.tolist(),
        ruling[kept],
        agents[whose[kept]].tolist(),
        moves[kept].tolist(),
        decided.tolist(),
        shown.tolist(),
        strict=True,
    ):
        verdict = rule.labels[label] + ("" if p != p else f" {_short(p)}")
        out = [name for name, one in zip(rule.hypotheses, row, strict=True) if one]
        words = f"row {place} ({bits_in_words(bits, out)}; without it {verdict})"
        texts[agent] += f"; {words}" if texts[agent] else words
    return texts


def _chosen(values: NDArray[np.float64], choice: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the probability of each choice; NaN where it is no hypothesis."""
    named = choice < values.shape[1]
    found = values[np.arange(len(values)), np.where(named, choice, 0)]
    return np.where(named, found, np.nan)


def _short(p: float) -> str:
    return f"{p:.2f}" if 0.005 <= p < 0.995 else f"{p:.12g}"
