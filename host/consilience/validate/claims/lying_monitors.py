"""Monitors fed by reporters of whom some lie, at every observation (M7)."""

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.lying_reports import dependent_reports, independent_reports
from consilience.numbers.arrays import Codes
from consilience.numbers.convert import to_codes
from consilience.validate.bench import CPU, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience.validate.statistics import upper_share
from consilience_hw.spec.log_format import Q16_16
from consilience_sim.golden.liars import dependent_increment, independent_increment

__all__ = ["RULES", "claims"]

_SEED = 113
_REPORTERS, _FAULTY = 20, 5
_OBSERVATIONS, _BITS = 32, 8
_CLIP = 8 * Q16_16.fractions
_BEYOND = Fraction(1, 100)
_SHARED = 0.8
"""Of the variance of dependent observations: what all have in common."""
_GOLDEN = 200
"""Observations of each lie that the golden model judges again."""

RULES: dict[str, Callable[[Codes], Codes]] = {
    "independent": lambda reports: independent_reports(reports, _FAULTY, _CLIP),
    "dependent": lambda reports: dependent_reports(reports, _FAULTY),
}
_RIGHT: dict[str, Callable[[list[int]], int]] = {
    "independent": lambda reports: independent_increment(reports, _FAULTY, _CLIP),
    "dependent": lambda reports: dependent_increment(reports, _FAULTY),
}
_LIES: tuple[Callable[[Codes], NDArray[np.int32]], ...] = (
    lambda honest: np.full(len(honest), Q16_16.max_code, np.int32),
    lambda honest: (honest.max(axis=1) - 1).astype(np.int32),
)
"""The largest code; just below the highest of the honest."""


def claims() -> list[Claim]:
    """Return a claim for each rule."""
    return [
        Claim(
            f"liars.monitor.{rule}",
            f"a monitor fed by {_REPORTERS} {rule} reporters, {_FAULTY} of whom lie at every "
            "observation, alarms of agents that behave within n observations with probability "
            "n / ARL at most (M7)",
            partial(_alarms, rule=rule),
            8.0,
        )
        for rule in RULES
    ]


def _alarms(bench: Bench, rule: str) -> Finding:
    trials, arl = bench.of_scale(1_000, 10_000, 100_000), 1 << _BITS
    rng, wrong, hits, worst = np.random.default_rng([_SEED, len(rule)]), 0, 0, Fraction(0)
    for place in bench.steps(len(_LIES)):
        monitor = bench.device(CPU).monitor(1, arl=arl, source="asserted")
        agents, alarmed = np.arange(trials), np.zeros(trials, np.bool_)
        for number in range(_OBSERVATIONS):
            reports = _honest(rng, trials, dependent=rule == "dependent")
            reports[:, :_FAULTY] = _LIES[place](reports[:, _FAULTY:])[:, np.newaxis]
            increments = RULES[rule](reports)
            if number == 0:
                right = [_RIGHT[rule](row) for row in reports[:_GOLDEN].tolist()]
                wrong += int((increments[:_GOLDEN] != right).sum())
            alarmed[monitor.update(agents, increments).alarms] = True
        found = int(alarmed.sum())
        hits, worst = max(hits, found), max(worst, upper_share(found, trials, _BEYOND))
    allowed = Fraction(_OBSERVATIONS, arl)
    return Finding(
        f"{trials:,} agents that behave under each of {len(_LIES)} lies, {_OBSERVATIONS} "
        f"observations, an ARL of {arl}; {_GOLDEN} increments of each again by the golden model "
        f"(seed {_SEED})",
        trials * len(_LIES),
        int(worst > allowed) + wrong,
        worst=f"{hits:,} of {trials:,} alarmed, a share of at most {float(worst):.5f}; "
        f"{wrong} increments differ",
        bound=f"the upper limit at most {_OBSERVATIONS}/{arl} = {float(allowed):.5f}; 0 differ",
        interval="99 %, one-sided, Clopper-Pearson in integers",
    )


def _honest(rng: np.random.Generator, rows: int, *, dependent: bool) -> Codes:
    """Return log-likelihood ratios of a shift of 1 of normal observations, rounded down."""
    seen = rng.standard_normal((rows, _REPORTERS))
    if dependent:
        shared = rng.standard_normal((rows, 1))
        seen = np.sqrt(1 - _SHARED) * seen + np.sqrt(_SHARED) * shared
    return to_codes(seen - 0.5, rounding="down")
