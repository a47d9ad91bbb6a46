"""Trials of G1, G2 and G3: honest ratios, an attack, one scan, and a judge that knows who lied."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

import consilience as cs
from consilience.robust.robust_histogram import RobustResult
from tests.campaigns.robust.attacks import ATTACKS, Ratios

__all__ = ["SHARES", "Tally", "campaign", "liars_of", "run_attack"]

SHARES = ("0", "0.1 n", "0.2 n", "0.3 n", "ceil(n/3)-1", "n/2")
"""Liars among n; the last is beyond what is guaranteed."""
Scan = Callable[[Ratios, int, int, int], RobustResult]
"""Ratios (n,), faulty, clip and threshold to what is judged."""


@dataclass
class Tally:
    """Trials, and violations of each guarantee."""

    trials: int = 0
    violations: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("G1", "G2", "G3"), 0))
    decided: int = 0


def liars_of(share: str, n: int) -> int:
    """Return the number of liars that a share of n stands for."""
    tenths = {"0": 0, "0.1 n": 1, "0.2 n": 2, "0.3 n": 3}
    if share in tenths:
        return n * tenths[share] // 10
    return n // 2 if share == "n/2" else -(-n // 3) - 1


def scan(ratios: Ratios, faulty: int, clip: int, threshold: int) -> RobustResult:
    """Return the scan of the host's histogram."""
    return cs.RobustHistogram.of(ratios, clip).scan(faulty, threshold)


def run_attack(
    attack: str, share: str, trials: int, rng: np.random.Generator, judged: Scan = scan
) -> Tally:
    """Return the tally of one attack at one share, with n drawn from 4 to 40.

    The number of liars is drawn from 0 .. f half the time, and f otherwise. At n/2 the scan is
    told the largest f it takes.
    """
    tally = Tally()
    while tally.trials < trials:
        rows = min(200, trials - tally.trials)
        n = int(rng.integers(4, 41))
        f = liars_of(share, n)
        liars = f if share == "n/2" or rng.integers(2) else int(rng.integers(0, f + 1))
        unit = int(rng.choice([1, 5, 512, 1024]))
        clip = 128 * unit
        centre = rng.integers(-clip, clip + 1, (rows, 1))
        width = max(1, clip * int(rng.integers(1, 5)) // 4)
        honest = centre + rng.integers(-width, width + 1, (rows, n - liars))
        lies = ATTACKS[attack](rng, honest, liars, clip).clip(-(2**31), 2**31 - 1)
        told = min(f, (n - liars + lies.shape[1] - 1) // 3)
        if share != "n/2" and lies.shape[1] > told:
            raise AssertionError("an attack with more liars than it was allowed")
        reports = np.concatenate([honest, lies], axis=1)
        binned = np.sign(honest) * np.minimum((np.abs(honest) + unit // 2) // unit, 128)
        binned.sort(axis=1)
        kept = reports.shape[1] - 2 * told
        for row in range(rows):
            total = int(binned[row].sum())
            threshold = total * unit + int(rng.integers(-6, 7)) * unit * int(rng.integers(1, n))
            result = judged(reports[row], told, clip, threshold)
            tally.trials += 1
            _judge(tally, binned[row], kept, total, unit, threshold, result)
    return tally


def _judge(
    tally: Tally,
    values: Ratios,
    kept: int,
    total: int,
    unit: int,
    threshold: int,
    result: RobustResult,
) -> None:
    """Count the guarantees that `result` breaks; `values` are the honest bins, ascending."""
    size = min(kept, len(values))
    least, most = int(values[:size].sum()), int(values[-size:].sum())
    middle = result.trimmed_sum * size
    counted = result.trimmed_count
    tally.violations["G1"] += not least * counted <= middle <= most * counted
    tally.violations["G2"] += not result.low <= total <= result.high
    honest = (total * unit > threshold) - (total * unit < threshold)
    tally.violations["G3"] += result.decision != 0 and result.decision != honest
    tally.decided += result.decision != 0


def campaign(trials: int, seed: int) -> Iterator[tuple[str, str, Tally]]:
    """Yield (attack, share, tally), at least `trials` of them within the guarantee."""
    rng = np.random.default_rng(seed)
    inside = len(ATTACKS) * (len(SHARES) - 1)
    for attack in ATTACKS:
        for share in SHARES:
            yield attack, share, run_attack(attack, share, -(-trials // inside), rng)
