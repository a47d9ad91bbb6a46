"""The study: every rule under every attack, by number of reporters and share of liars."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience.errors import Mismatch
from consilience.robust.decision import decide
from consilience.robust.robust_counts import BIN_VALUES, robust_sums
from consilience_hw.spec.number_formats import CLIP_BIN
from consilience_sim import golden

from .attacks import ATTACKS, TRUTH, attacked
from .cells import Cell, Rate
from .reports import Population, Reports
from .rules import krum_signs, median_signs, sum_signs, told

__all__ = ["RULES", "SHARES", "SIZES", "liars_of", "study"]

SIZES = (64, 1024, 16384)
SHARES = ("0", "0.1 n", "0.2 n", "0.3 n", "ceil(n/3)-1", "n/2")
RULES = ("robust", "clipped sum", "plain sum", "median", "Krum")
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
                        reports = attacked(rng, said, liars, attack, name, populations, unit)
                        outcomes.append(
                            _outcome(device, said, reports, liars, TRUTH[name], unit, judged)
                        )
                    cells.append(_cell(n, liars, share, attack, outcomes))
                progress()
    return cells


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
    found = device.robust(ratios, faulty, CLIP_BIN * unit)
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
