"""A verdict with its probabilities, and those of exact sums of evidence."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from consilience.devices.cpu import CpuDevice
from consilience.numbers.arrays import Codes
from consilience.verdicts.decisions import DecisionRule
from consilience.verdicts.exact_totals import ExactTotals
from consilience.verdicts.probabilities import in_words, probabilities

__all__ = ["Verdict", "posteriors_of", "verdicts_of"]


@dataclass(frozen=True)
class Verdict:
    """A decision and what it is made of.

    Parameters
    ----------
    decision : str
        A hypothesis, impossible, undecided or review.
    probabilities : dict of str to float
        By hypothesis; they sum to 1 (`probabilities`).
    shown : dict of str to str
        The same as texts, with as few decimals as tell them apart.
    expected_cost : float or None
        With costs.
    codes : tuple of int
        The posterior: log2, Q16.16.
    """

    decision: str
    probabilities: dict[str, float]
    shown: dict[str, str]
    expected_cost: float | None
    codes: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        found = {
            "decision": self.decision,
            "probabilities": self.probabilities,
            "codes": list(self.codes),
        }
        return found | ({} if self.expected_cost is None else {"expected_cost": self.expected_cost})


@cache
def _cpu() -> CpuDevice:
    return CpuDevice()


def posteriors_of(totals: ExactTotals, prior: Codes) -> Codes:
    """Return the posterior codes of each total, (n, H): the same on any device."""
    return totals.posteriors(prior, _cpu())[0]


def verdicts_of(totals: ExactTotals, prior: Codes, rule: DecisionRule) -> list[Verdict]:
    """Return the verdict of each total."""
    posterior = posteriors_of(totals, prior)
    decided = rule.decide(posterior)
    costs = [None] * len(posterior) if decided.cost is None else decided.cost.tolist()
    return [
        Verdict(
            rule.labels[choice],
            dict(zip(rule.hypotheses, values, strict=True)),
            dict(zip(rule.hypotheses, in_words(codes, rule.level), strict=True)),
            None if cost is None or cost != cost else cost,
            tuple(codes.tolist()),
        )
        for choice, values, codes, cost in zip(
            decided.choice.tolist(),
            probabilities(posterior).tolist(),
            posterior,
            costs,
            strict=True,
        )
    ]
