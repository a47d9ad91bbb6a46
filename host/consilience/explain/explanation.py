"""`explain_agent`: what the verdict about one agent would be without each of its steps."""

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.explain.explained import Explanation, Step
from consilience.explain.moves import moves_of
from consilience.explain.verdict import Verdict, posteriors_of, verdicts_of
from consilience.numbers.arrays import Codes, Words
from consilience.numbers.convert import as_codes
from consilience.verdicts.decisions import IMPOSSIBLE, DecisionRule
from consilience.verdicts.exact_totals import ExactTotals
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE

__all__ = ["explain_agent"]

_ZERO = Q16_16.log_of_zero


def explain_agent(
    codes: ArrayLike,
    rule: DecisionRule,
    prior: ArrayLike | None = None,
    weight: Words | None = None,
    *,
    agent: int | str = "",
    rows: Sequence[int] | NDArray[np.int64] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
    by: str | None = None,
    most: int | None = 5,
) -> Explanation:
    """Return why the verdict about one agent is what it is, by exact leave-one-out.

    The posterior is made of an exact sum per hypothesis, so that a row is taken out by one
    subtraction: all in one pass, and bit for bit what the other rows alone give.

    Parameters
    ----------
    codes : (n, H) int32 array_like
        log2 p(observation given hypothesis), Q16.16 (`consilience.to_codes`), in the order of time.
    rule : DecisionRule
        The hypotheses and how it is decided; its `benign` is the rival of all others.
    prior : (H,) int32 array_like, optional
        log2 of the prior probabilities; default: equal ones.
    weight : (n,) uint32, optional
        0 .. 65536 = 1, the default.
    agent : int or str
        Its name, for words.
    rows : (n,) integers, optional
        Numbers to call the rows by; default 1 .. n.
    labels : mapping of str to (n,) texts, optional
        What else is said of a row in words, by name: time, tool, reporter.
    by : str or None
        One of `labels`: rows of equal text are taken out together, as one step.
    most : int or None
        Most steps to give; None: all that moved it.

    Raises
    ------
    BadInput
        No rows, or shapes that do not match.
    """
    evidence = as_codes(codes, "codes")
    hypotheses = len(rule.hypotheses)
    if evidence.ndim != 2 or evidence.shape[1] != hypotheses or not len(evidence):
        raise BadInput(
            f"codes are {evidence.shape}: give (n, {hypotheses}), one row or more, for "
            f"{', '.join(rule.hypotheses)}"
        )
    count = len(evidence)
    start = np.zeros(hypotheses, np.int32) if prior is None else as_codes(prior, "prior")
    numbers = np.arange(1, count + 1) if rows is None else np.asarray(rows, np.int64)
    texts = labels or {}
    for name, found in {"weight": weight, "rows": numbers, **texts}.items():
        if found is not None and len(found) != count:
            raise BadInput(f"{name} has {len(found)} values for {count} rows; give one each")
    if start.shape != (hypotheses,):
        raise BadInput(f"prior is {start.shape}: give one code for each of {hypotheses}")
    each = ExactTotals.of_rows(evidence, weight)
    whole = each.by_agent(np.array([0, count]))
    (verdict,) = verdicts_of(whole, start, rule)
    first, second = _odds_of(verdict, rule, start)
    rows_moved = moves_of(each, np.full(count, first), np.full(count, second))
    places, sizes = np.arange(count), np.ones(count, np.int64)
    if by is not None:
        if by not in texts:
            raise BadInput(
                f"by {by!r} is none of the labels: {', '.join(texts) or 'there are none'}"
            )
        each, places, sizes = _grouped(each, texts[by])
        texts = {by: texts[by]}
    steps = moves_of(each, np.full(len(places), first), np.full(len(places), second))
    order = np.argsort(-steps, kind="stable")
    ruling = each.zeros > 0
    is_impossible = verdict.decision == IMPOSSIBLE
    counted = np.asarray(ruling.any(axis=1) if is_impossible else steps > 0)
    order = order[counted[order]]
    chosen = order[: len(order) if most is None else most]
    without = verdicts_of(whole.without(each.take(chosen)), start, rule) if len(chosen) else []
    decisive, other = _decisive(whole, each.take(order), start, rule, verdict.decision)
    before = _prior_odds(start, first, second)
    with np.errstate(invalid="ignore"):  # both ruled out: nothing to draw
        odds = before + np.cumsum(rows_moved)
    return Explanation(
        agent=agent,
        rows=count,
        verdict=verdict,
        decided=rule.hypotheses[first],
        rival=rule.hypotheses[second],
        steps=tuple(
            Step(
                int(numbers[place]),
                place,
                float(steps[step]),
                tuple(rule.hypotheses[h] for h in np.flatnonzero(ruling[step])),
                {name: str(found[place]) for name, found in texts.items()},
                one,
                int(sizes[step]),
            )
            for step, place, one in zip(
                chosen.tolist(), places[chosen].tolist(), without, strict=True
            )
        ),
        moving=len(order),
        decisive=decisive,
        without_decisive=other,
        timeline=np.nan_to_num(odds, nan=0.0, posinf=inf, neginf=-inf),
        start=before,
        row_numbers=numbers,
        by=by,
    )


def _grouped(
    each: ExactTotals, texts: Sequence[str]
) -> tuple[ExactTotals, NDArray[np.int64], NDArray[np.int64]]:
    """Return the sums of rows of equal text, the first row of each, and how many there are."""
    numbers: dict[str, int] = {}
    group = np.array([numbers.setdefault(text, len(numbers)) for text in texts])
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group).astype(np.int64)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    return each.take(order).by_agent(ends), order[ends[:-1]], sizes


def _odds_of(verdict: Verdict, rule: DecisionRule, prior: Codes) -> tuple[int, int]:
    """Return the hypothesis that is decided, or comes next to it, and its rival."""
    names = rule.hypotheses
    codes = np.array(verdict.codes)
    ranked = sorted(range(len(names)), key=lambda h: (-codes[h], -int(prior[h]), h))
    benign = names.index(rule.benign) if rule.benign is not None else None
    if verdict.decision in names:
        first = names.index(verdict.decision)
    else:
        first = next(h for h in ranked if h != benign)
    second = benign if benign not in (None, first) else next(h for h in ranked if h != first)
    assert second is not None
    return first, second


def _prior_odds(prior: Codes, first: int, second: int) -> float:
    a, b = int(prior[first]), int(prior[second])
    if _ZERO in (a, b):
        return 0.0 if a == b else (inf if b == _ZERO else -inf)
    return (a - b) / ONE


def _decisive(
    whole: ExactTotals, ranked: ExactTotals, prior: Codes, rule: DecisionRule, decision: str
) -> tuple[int | None, Verdict | None]:
    """Return how many of the strongest rows are to be taken out until the decision is another."""
    if not len(ranked.high):
        return None, None
    left = whole.without(ranked.up_to())
    posterior = posteriors_of(left, prior)
    other = np.flatnonzero(rule.decide(posterior).choice != rule.labels.index(decision))
    if not len(other):
        return None, None
    place = int(other[0])
    return place + 1, verdicts_of(left.take(np.array([place])), prior, rule)[0]
