"""The study: every rule under every attack, by number of reporters and share of liars."""

from collections.abc import Callable

import consilience as cs
import numpy as np
from consilience.errors import Mismatch
from consilience.exact.decision import decide
from consilience.exact.robust_counts import BIN_VALUES, robust_sums
from consilience.robustness.collusions import COLLUSIONS, Seen
from consilience_sim import golden
from numpy.typing import NDArray

from .cells import Cell, Rate
from .reports import Population, Reports
from .rules import krum_signs, median_signs, sum_signs, told

__all__ = ["ATTACKS", "FAR", "RULES", "SHARES", "SIZES", "liars_of", "study"]

SIZES = (64, 1024, 16384)
SHARES = ("0", "0.1 n", "0.2 n", "0.3 n", "ceil(n/3)-1", "n/2")
RULES = ("robust", "clipped sum", "plain sum", "median", "Krum")
FAR = 128 << 16
"""A ratio of 128 bits, in ulp: further out than that of any recorded run."""
EXACTLY = "exactly the clip"
ATTACKS = ("sign flip", *COLLUSIONS, EXACTLY, "mimic", "silent")
"""Liars of "clip-maximal" report `FAR`, which is clipped to c; of "exactly the clip", c itself."""
TRUTH = {"hijacked": 1, "benign": -1}
Int64 = NDArray[np.int64]


def liars_of(share: str, n: int) -> int:
    """Return the number of liars that one of `SHARES` of n stands for."""
    tenths = {"0": 0, "0.1 n": 1, "0.2 n": 2, "0.3 n": 3}
    if share in tenths:
        return n * tenths[share] // 10
    return n // 2 if share == "n/2" else -(-n // 3) - 1


def study(
    ratios: dict[str, Int64],
    unit: int,
    *,
    trials: int,
    krum_work: int,
    seed: int,
    sizes: tuple[int, ...] = SIZES,
    shares: tuple[str, ...] = SHARES,
    attacks: tuple[str, ...] = ATTACKS,
    progress: Callable[[], None] = lambda: None,
) -> list[Cell]:
    """Return all cells.

    Parameters
    ----------
    ratios : dict of str to (runs,) int64
        Held-out ratios in ulp of hijacked and of benign runs.
    unit : int
        k of the histogram, in ulp.
    trials : int
        By class and cell. All attacks of a class, size and share meet the same honest reports.
    krum_work : int
        Krum judges no more than this many reports by class and cell, in at least 1 trial.
    seed : int
    sizes, shares, attacks : tuple
        What is studied.
    progress : callable
        Called after each size and share.

    Raises
    ------
    Mismatch
        The golden model or `Device.robust` says otherwise in the first trial of a cell and class.
    """
    populations = {name: Population.of(of) for name, of in ratios.items()}
    cells = []
    with cs.open("cpu") as device:
        for n in sizes:
            judged = min(trials, max(1, krum_work // n))
            for share in shares:
                liars = liars_of(share, n)
                # A part of the study gives what the whole gives.
                rng = np.random.default_rng([seed, n, liars])
                honest = {
                    name: population.draw(rng, n - liars, trials)
                    for name, population in populations.items()
                }
                for attack in attacks:
                    outcomes = []
                    for name, said in honest.items():
                        reports = _attacked(rng, said, liars, attack, name, populations, unit)
                        outcomes.append(
                            _outcome(device, said, reports, liars, TRUTH[name], unit, judged)
                        )
                    cells.append(_cell(n, liars, share, attack, outcomes))
                progress()
    return cells


def _attacked(
    rng: np.random.Generator,
    honest: Reports,
    liars: int,
    attack: str,
    name: str,
    populations: dict[str, Population],
    unit: int,
) -> Reports:
    """Return the honest reports of a class and those of the liars among them."""
    if attack == "silent" or not liars:
        return honest
    trials = len(honest.counts)
    if attack == "sign flip":
        return honest.with_reports(populations[name].negated.draw(rng, liars, trials))
    if attack == "mimic":
        other = next(one for one in populations if one != name)
        return honest.with_reports(populations[other].draw(rng, liars, trials))
    middle = (honest.reporters - 1) // 2
    mean = honest.total() // honest.reporters
    square = honest.counts @ (honest.values.astype(np.float64) ** 2) / honest.reporters
    deviation = np.sqrt(np.maximum(square - mean.astype(np.float64) ** 2, 0)).astype(np.int64)
    against = np.full(trials, -TRUTH[name], np.int64)
    seen = Seen(mean, deviation, honest.ranked(middle), against)
    if attack == EXACTLY:
        return honest.with_copies(COLLUSIONS["clip-maximal"](seen, 128 * unit), liars)
    return honest.with_copies(COLLUSIONS[attack](seen, FAR), liars)


Outcome = dict[str, NDArray[np.bool_]]


def _outcome(
    device: cs.Device,
    honest: Reports,
    reports: Reports,
    liars: int,
    truth: int,
    unit: int,
    judged: int,
) -> Outcome:
    """Return, by trial, which rules are wrong, and what the certified interval says."""
    faulty = told(liars, reports.reporters)
    sums = robust_sums(reports.histograms(unit), faulty)
    decided = np.array(
        [decide(low * unit, high * unit, 0) for low, high in zip(sums.low, sums.high, strict=True)]
    )
    ratios = reports.ascending(0)
    first = (sums.trimmed[0], len(ratios) - 2 * faulty, sums.low[0], sums.high[0], decided[0])
    found = device.robust(ratios, faulty, 128 * unit)
    expected = golden.robust(ratios.tolist(), faulty, unit)
    if not expected == first == (*found[:4], found.decision):
        raise Mismatch(f"golden model {expected}, Device.robust {found}, counts {first}")
    own = np.sign(honest.histograms(unit) @ BIN_VALUES)
    signs = {
        "robust": np.sign(sums.trimmed),
        "clipped sum": sum_signs(reports, unit),
        "plain sum": sum_signs(reports),
        "median": median_signs(reports),
        "Krum": krum_signs(reports, liars, judged),
    }
    return {rule: sign != truth for rule, sign in signs.items()} | {
        "undecided": decided == 0,
        "wrong certified": (decided != 0) & (decided != own),
    }


def _cell(n: int, liars: int, share: str, attack: str, outcomes: list[Outcome]) -> Cell:
    rates = {name: Rate.of([one[name] for one in outcomes]) for name in outcomes[0]}
    errors = {rule: rates[rule] for rule in RULES}
    return Cell(n, liars, share, attack, errors, rates["undecided"], rates["wrong certified"])
