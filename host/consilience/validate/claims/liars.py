"""Reporters who lie, at random and in concert: G1, G2 and G3, judged by who knows who lied."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from consilience.errors import BadInput
from consilience.robust.robust_histogram import RobustResult
from consilience.validate.bench import CPU, SIM, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding, NotRun
from consilience_hw.spec.number_formats import CLIP_BIN

__all__ = ["ATTACKS", "claims"]

_SEED = 109
_UNITS = (1, 5, 512, 1024)
_LOW, _HIGH = -(1 << 31), (1 << 31) - 1

Ratios = NDArray[np.int64]
Attack = Callable[[np.random.Generator, Ratios, int, int], Ratios]
"""Generator, all honest ratios, number of liars and clip to what the liars say."""


class Trial(NamedTuple):
    """Honest ratios, what liars add, how many may lie, the clip and a threshold near the sum."""

    honest: Ratios
    lies: Ratios
    faulty: int
    clip: int
    threshold: int


def claims(devices: tuple[str, ...]) -> list[Claim]:
    """Return a claim for each device, of all three guarantees."""
    return [
        Claim(
            f"liars.guarantees.{url}",
            f"whatever f of n > 3 f reporters say, on {url} the trimmed mean lies between those of "
            "the smallest and largest honest ratios (G1), the honest sum in the interval (G2), and "
            "no decision is another than that of the honest (G3)",
            partial(_guarantees, url=url),
            {CPU: 5.0, SIM: 25.0}.get(url, 30.0),
        )
        for url in devices
    ]


def _guarantees(bench: Bench, url: str) -> Finding:
    device = bench.device(url)
    trials = (
        bench.of_scale(3_000, 30_000, 1_000_000) if url == CPU else bench.of_scale(60, 300, 3_000)
    )
    rng, broken, decided = np.random.default_rng(_SEED), {"G1": 0, "G2": 0, "G3": 0}, 0
    names = list(ATTACKS)
    for number in bench.steps(trials):
        trial = _drawn(rng, ATTACKS[names[number % len(names)]])
        ratios = np.concatenate([trial.honest, trial.lies])
        try:
            found = device.robust_scan(
                ratios.astype(np.int32), trial.faulty, trial.clip, trial.threshold
            )
        except BadInput as error:
            if number:
                raise
            raise NotRun(str(error)) from None
        for name in _broken(trial, found):
            broken[name] += 1
        decided += int(found.decision != 0)
    told = ", ".join(f"{name} {count}" for name, count in broken.items())
    return Finding(
        f"{trials:,} trials, {len(names)} attacks ({', '.join(names)}), 4 to 40 reporters, "
        f"thresholds near the honest sum (seed {_SEED}); {decided:,} were decided",
        trials,
        sum(broken.values()) + (decided == 0),
        worst=f"broken: {told}",
        bound="broken: none, and some are decided",
    )


def _drawn(rng: np.random.Generator, attack: Attack) -> Trial:
    n = int(rng.integers(4, 41))
    faulty = int(rng.integers(0, (n - 1) // 3 + 1))
    unit = int(rng.choice(_UNITS))
    clip = CLIP_BIN * unit
    width = max(1, clip * int(rng.integers(1, 5)) // 4)
    centre = int(rng.integers(-clip, clip + 1))
    honest = centre + rng.integers(-width, width + 1, n - faulty)
    lies = np.clip(attack(rng, honest, faulty, clip), _LOW, _HIGH)
    near = int(_bins(honest, unit).sum()) + int(rng.integers(-6, 7)) * int(rng.integers(1, n))
    return Trial(honest, lies, faulty, clip, near * unit)


def _bins(ratios: Ratios, unit: int) -> Ratios:
    """Return the bins of ratios, nearest, from their definition."""
    bins: Ratios = np.sign(ratios) * np.minimum((np.abs(ratios) + unit // 2) // unit, CLIP_BIN)
    return bins


def _broken(trial: Trial, found: RobustResult[int]) -> Iterator[str]:
    """Yield the guarantees that a result breaks."""
    unit = trial.clip // CLIP_BIN
    honest = np.sort(_bins(trial.honest, unit))
    kept = len(trial.honest) + len(trial.lies) - 2 * trial.faulty
    least, most = int(honest[:kept].sum()), int(honest[-kept:].sum())
    # The quotient of the trimmed sum, between the means of as many honest ones.
    if found.trimmed_count != kept or not least <= found.trimmed_sum <= most:
        yield "G1"
    total = int(honest.sum())
    if not found.low <= total <= found.high:
        yield "G2"
    right = (total * unit > trial.threshold) - (total * unit < trial.threshold)
    if found.decision not in (0, right):
        yield "G3"


def _all_say(value: Callable[[np.random.Generator, Ratios, int], int]) -> Attack:
    """Return the attack in which all liars say one value."""
    return lambda rng, honest, liars, clip: np.full(liars, value(rng, honest, clip), np.int64)


ATTACKS: dict[str, Attack] = {
    "honest like all": lambda rng, honest, liars, clip: rng.choice(honest, liars),
    "the largest code": _all_say(lambda _rng, _honest, _clip: _HIGH),
    "the log of zero": _all_say(lambda _rng, _honest, _clip: _LOW),
    "against the honest sum": _all_say(
        lambda _rng, honest, clip: -clip if honest.sum() > 0 else clip
    ),
    "just above the honest": _all_say(lambda _rng, honest, _clip: int(honest.max()) + 1),
    "just below the honest": _all_say(lambda _rng, honest, _clip: int(honest.min()) - 1),
    "the median": _all_say(lambda _rng, honest, _clip: int(np.median(honest))),
    "high and low": lambda rng, _honest, liars, clip: rng.choice([-clip, clip], liars),
    "signs turned": lambda rng, honest, liars, _clip: -rng.choice(honest, liars),
    "any code": lambda rng, _honest, liars, _clip: rng.integers(_LOW, _HIGH, liars),
}
