"""Monitors fed by reporters of which some lie, at every observation: false alarms, and delays.

Honest reports are log-likelihood ratios of a shift of normal observations, e-values whose mean is
exactly 1 before they are rounded down. Liars see all that honest reporters say, and say anything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

import consilience as cs
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import monitor_settings
from consilience_hw.spec.log_format import Q16_16

__all__ = [
    "ALARM_BITS",
    "CASES",
    "CLIP",
    "DELAY_BITS",
    "HORIZON",
    "LATEST",
    "REPORTERS",
    "SHARES",
    "SHIFTS",
    "Alarms",
    "Case",
    "Delay",
    "count_alarms",
    "delays",
    "false_alarms",
    "rules_broken",
]

Numbers = NDArray[np.int32]
Present = NDArray[np.bool_]

REPORTERS = 20
SHARES = {"0": 0, "10 %": 2, "25 %": 5}
"""Liars among the reporters."""
CLIP = 8 * Q16_16.fractions
HORIZON, ALARM_BITS = 32, 8
"""Observations of a trial without a change, and A: P(alarm) <= 32 * 2**-8 = 1/8 is promised."""
LATEST, DELAY_BITS = 100, 20
"""Observations after a change that are waited for, and A there: an ARL of a million."""
SHIFTS = (0.5, 1.0, 2.0, 3.0)
_NULL_SHIFT = 1.0
_BEFORE = 20
_SHARED = 0.8
"""Of the variance of dependent observations: what all of them have in common."""
_ZERO, _MAX = Q16_16.log_of_zero, Q16_16.max_code
_AT_ONCE = 8_192


@dataclass(frozen=True)
class Case:
    """A rule, who lies, and what is fused.

    Parameters
    ----------
    rule, liars : str
    dependent : bool
        Whether reporters have most of their observation in common.
    lie : callable
        Generator, honest reports (rows, n) and f to reports and who is present.
    fuse : callable
        Reports, f and who is present to increments.
    promised : bool
        False: a correction is left out, to see what it is for.
    """

    rule: str
    liars: str
    dependent: bool
    lie: Callable[[np.random.Generator, Numbers, int], tuple[Numbers, Present]]
    fuse: Callable[[Numbers, int, Present], Numbers]
    promised: bool = True


@dataclass(frozen=True)
class Alarms:
    """How many of so many trials without a change alarmed."""

    case: Case
    share: str
    trials: int
    alarms: int

    @property
    def allowed(self) -> float:
        return HORIZON * 2.0**-ALARM_BITS

    @property
    def holds(self) -> bool:
        """Whether so many alarms are not too many but for one such count in a thousand."""
        return bool(binom.sf(self.alarms - 1, self.trials, self.allowed) >= 1e-3)


@dataclass(frozen=True)
class Delay:
    """Observations from a change to the alarm.

    Parameters
    ----------
    rule : str
    shift : float
    share : str
    hiding : bool
        Whether liars say the least code, so as to hide the change, or are as honest as all others.
    mean : float
        Over those detected.
    detected : float
        Share of the trials within `LATEST` observations.
    """

    rule: str
    shift: float
    share: str
    hiding: bool
    mean: float
    detected: float


def _largest(rng: np.random.Generator, honest: Numbers, liars: int) -> tuple[Numbers, Present]:
    """Return the largest code from the same liars at every observation."""
    reports = honest.copy()
    reports[:, :liars] = _MAX
    return reports, np.ones(honest.shape, np.bool_)


def _below_the_highest(
    rng: np.random.Generator, honest: Numbers, liars: int
) -> tuple[Numbers, Present]:
    """Return what no honest report is far from: one less than the highest of them."""
    reports = honest.copy()
    reports[:, :liars] = honest[:, liars:].max(axis=1, keepdims=True) - 1
    return reports, np.ones(honest.shape, np.bool_)


def _half_silent(rng: np.random.Generator, honest: Numbers, liars: int) -> tuple[Numbers, Present]:
    """Return the largest code from half of the liars, changing from time to time; silent others."""
    reports, present = honest.copy(), np.ones(honest.shape, np.bool_)
    first = int(rng.integers(0, REPORTERS - liars + 1))
    reports[:, first : first + liars] = _MAX
    present[:, first : first + liars // 2] = False
    return reports, present


def _in_place_of_the_lowest(
    rng: np.random.Generator, honest: Numbers, liars: int
) -> tuple[Numbers, Present]:
    """Return the largest code in place of what speaks most for the agent: liars chosen after."""
    reports = honest.copy()
    lowest = np.argpartition(honest, liars, axis=1)[:, :liars]
    np.put_along_axis(reports, lowest, _MAX, axis=1)
    return reports, np.ones(honest.shape, np.bool_)


def _independent(reports: Numbers, faulty: int, present: Present) -> Numbers:
    return cs.independent_reports(reports, faulty, CLIP, present)


def _independent_after(reports: Numbers, faulty: int, present: Present) -> Numbers:
    return cs.independent_reports(reports, faulty, CLIP, present, chosen_after=True)


def _dependent(reports: Numbers, faulty: int, present: Present) -> Numbers:
    return cs.dependent_reports(reports, faulty, present)


def _plain_sum(reports: Numbers, faulty: int, present: Present) -> Numbers:
    return np.clip(reports, -CLIP, CLIP).sum(axis=1).astype(np.int32)


_A, _B = "independent", "dependent"
CASES = (
    Case(_A, "say the largest", False, _largest, _independent),
    Case(_A, "just below the highest", False, _below_the_highest, _independent),
    Case(_A, "half silent", False, _half_silent, _independent),
    Case(_A, "chosen after", False, _in_place_of_the_lowest, _independent_after),
    Case(_B, "say the largest", True, _largest, _dependent),
    Case(_B, "just below the highest", True, _below_the_highest, _dependent),
    Case(_B, "half silent", True, _half_silent, _dependent),
    Case(_B, "chosen after", True, _in_place_of_the_lowest, _dependent),
    Case("sum of all, cut at the clip", "say the largest", False, _largest, _plain_sum, False),
    Case(
        "independent, choice not paid for",
        "chosen after",
        False,
        _in_place_of_the_lowest,
        _independent,
        False,
    ),
    Case("independent rule", "none, but dependent", True, _largest, _independent, False),
)
"""The last three leave out a correction."""


def false_alarms(trials: int, seed: int) -> Iterator[Alarms]:
    """Yield the alarms of every case and share, at least `trials` of those that are promised."""
    promised = [(case, share) for case in CASES if case.promised for share in SHARES]
    each = -(-trials // len(promised))
    for number, case in enumerate(CASES):
        for place, share in enumerate(SHARES):
            rng = np.random.default_rng([seed, number, place])
            if case.promised:
                yield count_alarms(case, share, each, rng)
            elif share == ("0" if case.liars.startswith("none") else "25 %"):
                yield count_alarms(case, share, min(each, 10_000), rng)


def count_alarms(case: Case, share: str, trials: int, rng: np.random.Generator) -> Alarms:
    """Return the alarms of trials of one case: `HORIZON` observations each, nothing changes."""
    alarms = 0
    for begun in range(0, trials, _AT_ONCE):
        rows = min(_AT_ONCE, trials - begun)
        mon, agents = _monitor(ALARM_BITS), np.arange(rows)
        for _ in range(HORIZON):
            honest = _honest(rng, rows, case.dependent, _NULL_SHIFT, changed=False)
            reports, present = case.lie(rng, honest, SHARES[share])
            increments = case.fuse(reports, SHARES[share], present)
            alarms += len(mon.update(agents, increments[:, np.newaxis]).alarms)
    return Alarms(case, share, trials, alarms)


def delays(trials: int, seed: int) -> Iterator[Delay]:
    """Yield the delays of both rules, of so many trials each."""
    for dependent, fuse in ((False, _independent), (True, _dependent)):
        for shift in SHIFTS:
            for place, (share, liars) in enumerate(SHARES.items()):
                for hiding in (False, True) if liars else (False,):
                    rng = np.random.default_rng([seed, dependent, int(2 * shift), place, hiding])
                    first = _first_alarms(fuse, dependent, shift, liars, hiding, trials, rng)
                    found = first[first > 0]
                    mean = float(found.mean()) if len(found) else float("nan")
                    rule = _B if dependent else _A
                    yield Delay(rule, shift, share, hiding, mean, len(found) / trials)


def _first_alarms(
    fuse: Callable[[Numbers, int, Present], Numbers],
    dependent: bool,
    shift: float,
    liars: int,
    hiding: bool,
    trials: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return after how many observations of the change each trial alarmed, 0: not in time."""
    mon, agents = _monitor(DELAY_BITS), np.arange(trials)
    first, present = np.zeros(trials, np.int64), np.ones((trials, REPORTERS), np.bool_)
    for observation in range(1 - _BEFORE, LATEST + 1):
        reports = _honest(rng, trials, dependent, shift, changed=observation > 0)
        if hiding:
            reports[:, :liars] = _ZERO
        increments = fuse(reports, liars, present)
        alarmed = mon.update(agents, increments[:, np.newaxis]).alarms
        first[alarmed] = max(observation, 1)
        if (first > 0).all():
            break
    return first


def _monitor(bits: int) -> Monitor:
    threshold = bits * Q16_16.fractions
    return Monitor(monitor_settings(1, threshold=threshold, source="asserted"))


def _honest(
    rng: np.random.Generator, rows: int, dependent: bool, shift: float, changed: bool
) -> Numbers:
    """Return log-likelihood ratios of a shift of normal observations, (rows, REPORTERS)."""
    seen = rng.standard_normal((rows, REPORTERS))
    if dependent:
        shared = rng.standard_normal((rows, 1))
        seen = np.sqrt(1 - _SHARED) * seen + np.sqrt(_SHARED) * shared
    return cs.to_codes(shift * (seen + shift * changed) - shift**2 / 2, "down")


def rules_broken(found: list[Alarms]) -> int:
    """Return how many cases alarm more often than is promised of them."""
    return sum(one.case.promised and not one.holds for one in found)
