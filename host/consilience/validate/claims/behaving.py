"""Agents that behave, with scores of three kinds, ranked as `consilience monitor` ranks them."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience.validate.ranked_runs import ARL, HISTORY, JUDGED, alarms_of

__all__ = ["claims"]

_SEED = 103
_KINDS = ("continuous", "tied", "two-valued")


def claims() -> list[Claim]:
    """Return a claim for each kind of scores."""
    return [
        Claim(
            f"promise.conformal.{kind}",
            f"agents that behave, with {kind} scores, alarm within n judged runs with probability "
            "n / ARL at most (M2)",
            partial(_alarms, kind=kind),
            5.0,
        )
        for kind in _KINDS
    ]


def _alarms(bench: Bench, kind: str) -> Finding:
    agents = bench.of_scale(400, 4_000, 20_000)
    rng = np.random.default_rng([_SEED, _KINDS.index(kind)])
    ran = (
        f"{agents:,} agents, {HISTORY} runs of history and {JUDGED} judged ones, an ARL of {ARL}, "
        f"bets 1/4 and 1/2 (seed {_SEED})"
    )
    return alarms_of(bench, ran, agents, _SEED, lambda _: _scores(kind, agents, rng))


def _scores(kind: str, agents: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if kind == "continuous":
        return rng.integers(0, 1 << 62, agents)
    if kind == "tied":
        return np.minimum(rng.geometric(0.3, agents), 12)
    return rng.integers(0, 10, agents) // 7
