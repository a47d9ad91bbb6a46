"""`explain_agent`: what the verdict about one agent would be without each of its steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isinf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from consilience.errors import BadInput
from consilience.explain.moves import moves_of
from consilience.explain.verdict import Verdict, posteriors_of, verdicts_of
from consilience.numbers.arrays import Codes, Words
from consilience.numbers.convert import as_codes
from consilience.verdicts.decisions import IMPOSSIBLE, DecisionRule
from consilience.verdicts.exact_totals import ExactTotals
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE

__all__ = ["Explanation", "Step", "explain_agent"]

_ZERO = Q16_16.log_of_zero


@dataclass(frozen=True)
class Step:
    """A row of evidence, and the verdict without it.

    Parameters
    ----------
    row : int
        Its number in the file, from 1, or what the caller numbers by.
    place : int
        Its place among the agent's rows, from 0.
    bits : float
        How far it moved the odds of what is decided against the rival, in bits; infinite if it
        rules one of them out.
    ruled_out : tuple of str
        Hypotheses that the row says are impossible.
    labels : mapping of str to str
        What else the file says of it: time, reporter, tool.
    without : Verdict
        Of all the other rows, exactly: bit for bit what they alone give.
    """

    row: int
    place: int
    bits: float
    ruled_out: tuple[str, ...]
    labels: Mapping[str, str]
    without: Verdict

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it; infinite bits as text."""
        bits = str(self.bits) if isinf(self.bits) else self.bits
        labels = dict(self.labels)
        return {
            "row": self.row,
            "bits": bits,
            **({"rules_out": list(self.ruled_out)} if self.ruled_out else {}),
            **({"labels": labels} if labels else {}),
            "without": self.without.as_json(),
        }


@dataclass(frozen=True)
class Explanation:
    """Why the verdict about an agent is what it is.

    Parameters
    ----------
    agent : int or str
    rows : int
        Rows of evidence about it.
    verdict : Verdict
        Of all of them.
    decided, rival : str
        The odds are those of `decided` against `rival`: what was decided, or comes next to it,
        against the hypothesis that all is well, or against the most probable of the others.
    steps : tuple of Step
        Those that moved it most towards `decided`, the strongest first.
    moving : int
        How many rows moved it towards `decided` at all.
    decisive : int or None
        Without so many of the strongest the decision would be another; None: not even without all
        that moved it (the prior decides).
    without_decisive : Verdict or None
        That other verdict.
    timeline : (rows,) float64
        The odds after each row in bits, with the prior; infinite from where one is ruled out.
    start : float
        The odds before the first row.
    row_numbers : (rows,) int64
    """

    agent: int | str
    rows: int
    verdict: Verdict
    decided: str
    rival: str
    steps: tuple[Step, ...]
    moving: int
    decisive: int | None
    without_decisive: Verdict | None
    timeline: NDArray[np.float64] = field(repr=False)
    start: float
    row_numbers: NDArray[np.int64] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return all but the timeline as JSON takes it."""
        other = self.without_decisive
        return {
            "agent": self.agent,
            "rows": self.rows,
            **self.verdict.as_json(),
            "odds_of": self.decided,
            "against": self.rival,
            "moving_rows": self.moving,
            "moved_by": [step.as_json() for step in self.steps],
            "decisive_rows": self.decisive,
            "without_decisive_rows": None if other is None else other.as_json(),
        }


def explain_agent(
    codes: ArrayLike,
    rule: DecisionRule,
    prior: ArrayLike | None = None,
    weight: Words | None = None,
    *,
    agent: int | str = "",
    rows: Sequence[int] | NDArray[np.int64] | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
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
    steps = moves_of(each, np.full(count, first), np.full(count, second))
    order = np.argsort(-steps, kind="stable")
    ruling = each.zeros > 0
    is_impossible = verdict.decision == IMPOSSIBLE
    counted = np.asarray(ruling.any(axis=1) if is_impossible else steps > 0)
    order = order[counted[order]]
    chosen = order[: len(order) if most is None else most]
    without = verdicts_of(whole.without(each.take(chosen)), start, rule) if len(chosen) else []
    decisive, other = _decisive(whole, each.take(order), start, rule, verdict.decision)
    with np.errstate(invalid="ignore"):  # both ruled out: nothing to draw
        timeline = np.nan_to_num(
            _prior_odds(start, first, second) + np.cumsum(steps), nan=0.0, posinf=inf, neginf=-inf
        )
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
                float(steps[place]),
                tuple(rule.hypotheses[h] for h in np.flatnonzero(ruling[place])),
                {name: str(found[place]) for name, found in texts.items()},
                one,
            )
            for place, one in zip(chosen.tolist(), without, strict=True)
        ),
        moving=len(order),
        decisive=decisive,
        without_decisive=other,
        timeline=timeline,
        start=_prior_odds(start, first, second),
        row_numbers=numbers,
    )


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
