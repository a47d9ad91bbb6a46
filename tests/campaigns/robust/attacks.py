"""What liars report: each attack sees all honest ratios and answers with its own."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from examples.agent_traces.robustness.collusions import COLLUSIONS, Collusion, Seen

__all__ = ["ATTACKS", "Ratios"]

Ratios = NDArray[np.int64]
"""In ulp, shape (trials, reporters)."""
Attack = Callable[[np.random.Generator, Ratios, int, int], Ratios]
"""Generator, honest ratios, number of liars and clip to the liars' ratios."""

_LOW, _HIGH = -(2**31), 2**31 - 1


def _spread(values: Ratios, liars: int) -> Ratios:
    """Return one value per trial, (trials,), from every liar."""
    return np.repeat(values[:, np.newaxis], liars, axis=1)


def _means(honest: Ratios) -> tuple[Ratios, Ratios]:
    return honest.mean(axis=1).astype(np.int64), honest.std(axis=1).astype(np.int64)


def _against(honest: Ratios) -> Ratios:
    """Return the sign that hurts, (trials,): opposite to the honest sum."""
    return np.where(honest.sum(axis=1) > 0, -1, 1)


def _colluding(collusion: Collusion) -> Attack:
    """Return the attack in which all liars of a trial report one value."""

    def attack(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
        mean, deviation = _means(honest)
        median = np.median(honest, axis=1).astype(np.int64)
        return _spread(collusion(Seen(mean, deviation, median, _against(honest)), clip), liars)

    return attack


def _sign_flip(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
    return -honest[:, rng.integers(0, honest.shape[1], liars)]


def _mimic(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
    """Replay what honest reporters of another trial, of any class, said."""
    return np.roll(honest, 1, axis=0)[:, rng.integers(0, honest.shape[1], liars)]


def _equivocation(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
    """What one replica hears: high or low at random, the other replicas hear otherwise."""
    return rng.choice([-clip, clip], (len(honest), liars))


def _silent(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
    """Nothing: fewer liars than allowed for."""
    return np.empty((len(honest), 0), np.int64)


def _stale_replay(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
    """The values of one honest reporter of an earlier epoch, the trial before."""
    return np.repeat(np.roll(honest, 1, axis=0)[:, :1], liars, axis=1)


def _duplicate_flood(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
    """One extreme honest value, again and again: f counts reports."""
    least, most = honest.min(axis=1), honest.max(axis=1)
    return _spread(np.where(_against(honest) > 0, most, least), liars)


def _sybil_weights(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
    """A ratio times a weight of the liar's own choice, which nobody gave it."""
    return _spread(_against(honest) * clip, liars) * rng.integers(1, 1 << 12, liars)


def _overflow_codes(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
    return rng.choice([_LOW, _LOW + 1, _HIGH], (len(honest), liars))


def _slow_drip(rng: np.random.Generator, honest: Ratios, liars: int, clip: int) -> Ratios:
    """A drift away from the mean that grows a little from trial to trial."""
    step = np.arange(len(honest)) * 2 * clip // max(1, len(honest))
    return _spread(_means(honest)[0] + _against(honest) * step, liars)


ATTACKS: dict[str, Attack] = {
    "sign flip": _sign_flip,
    **{name: _colluding(collusion) for name, collusion in COLLUSIONS.items()},
    "mimic": _mimic,
    "equivocation": _equivocation,
    "silent": _silent,
    "stale replay": _stale_replay,
    "duplicate flood": _duplicate_flood,
    "Sybil weights": _sybil_weights,
    "overflow codes": _overflow_codes,
    "slow drip": _slow_drip,
}
