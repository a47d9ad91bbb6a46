"""Agents that behave, with scores of three kinds, ranked as `consilience monitor` ranks them."""

from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.conformal_ranks import ConformalRanks
from consilience.validate.bench import CPU, Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding
from consilience.validate.statistics import upper_share

__all__ = ["claims"]

_N0 = 50
_JUDGED = 40
_BITS = 7
_SEED = 103
_BEYOND = Fraction(1, 100)
_KINDS = ("continuous", "tied", "two-valued")
_METHOD = "99 %, one-sided, Clopper-Pearson in integers"


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
    agents, arl = bench.of_scale(400, 4_000, 20_000), 1 << _BITS
    rng = np.random.default_rng([_SEED, _KINDS.index(kind)])
    ranks = ConformalRanks(n0=_N0, seed=_SEED)
    monitor = bench.device(CPU).monitor(arl=arl)
    names, alarmed = np.arange(agents), np.zeros(agents, np.bool_)
    for run in bench.steps(_N0 + _JUDGED):
        increments, ready = ranks.increments(
            names, np.full(agents, run), _scores(kind, agents, rng)
        )
        if ready.all():
            alarmed[monitor.update(names, increments).alarms] = True
    hits = int(alarmed.sum())
    high, allowed = upper_share(hits, agents, _BEYOND), Fraction(_JUDGED, arl)
    return Finding(
        f"{agents:,} agents, {_N0} runs of history and {_JUDGED} judged ones, an ARL of {arl}, "
        f"bets 1/4 and 1/2 (seed {_SEED})",
        agents,
        int(high > allowed),
        worst=f"{hits:,} alarmed, a share of at most {float(high):.5f}",
        bound=f"the upper limit at most {_JUDGED}/{arl} = {float(allowed):.5f}",
        interval=_METHOD,
    )


def _scores(kind: str, agents: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if kind == "continuous":
        return rng.integers(0, 1 << 62, agents)
    if kind == "tied":
        return np.minimum(rng.geometric(0.3, agents), 12)
    return rng.integers(0, 10, agents) // 7
