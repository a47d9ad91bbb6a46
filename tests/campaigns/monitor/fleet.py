"""A fleet of replicated agents, some hijacked of late: who is named, and how many of them behave.

Each agent is one of the held-out pipelines; its runs are drawn with replacement from the recorded
ones, so that they are exchangeable by construction. After n0 runs of history come m judged ones;
of one agent in a hundred the last ten are hijacked runs. Then the fleet is read once (e-BH).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.fleet import named_agents
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings, monitor_settings
from consilience.numbers.arrays import Codes
from examples.agent_traces.monitor.pipelines import Pipeline
from examples.agent_traces.monitor.ranks import KAPPAS, Increments, ranks_of
from tests.campaigns.tables import Rows

__all__ = ["HORIZONS", "LEVEL", "FleetResult", "fleet_table", "read_fleets"]

HORIZONS = (30, 110, 310)
"""m: judged runs of each agent at the reading."""
ALPHA = "1/100"
LEVEL = 0.01
"""The share of false ones among those named that is allowed, in expectation."""
_N0 = 100
_BAD = 10
"""Last runs of a hijacked agent that are."""
_SHARE = 100
"""One agent in so many is hijacked."""
_SIGMAS = 2.326

Int = NDArray[np.int64]


@dataclass(frozen=True)
class FleetResult:
    """The readings of all fleets after m judged runs.

    Parameters
    ----------
    runs : int
        m.
    fleets, agents : int
    false_share : float
        Mean over the fleets of the share of those named that behave, 0 where none is named.
    upper_false_share : float
        Its upper 99 % limit.
    power : float
        Share of the hijacked agents that are named.
    """

    runs: int
    fleets: int
    agents: int
    false_share: float
    upper_false_share: float
    power: float


def read_fleets(
    pipelines: Sequence[Pipeline],
    fleets: int,
    agents: int,
    seed: int,
    said: Callable[[int], None],
) -> list[FleetResult]:
    """Draw fleets, and read each after 30, 110 and 310 judged runs."""
    terms = Increments(_N0 + max(HORIZONS) + 1)
    shares: dict[int, list[float]] = {runs: [] for runs in HORIZONS}
    powers: dict[int, list[float]] = {runs: [] for runs in HORIZONS}
    for fleet in range(fleets):
        rng = np.random.default_rng([seed, fleet])
        bad = agents // _SHARE
        good = _watched(pipelines, agents - bad, max(HORIZONS), 0, rng, terms, agents, HORIZONS)
        for runs in HORIZONS:
            hijacked = _watched(pipelines, bad, runs, _BAD, rng, terms, agents, (runs,))
            states = np.concatenate([good[runs].states, hijacked[runs].states])
            settings, weights = good[runs].settings, good[runs].weights
            named = named_agents(settings, states, weights, ALPHA)
            false = int((named < agents - bad).sum())
            shares[runs].append(false / max(1, len(named)))
            powers[runs].append((len(named) - false) / bad)
        said(fleet + 1)
    return [_result(runs, agents, shares[runs], powers[runs]) for runs in HORIZONS]


@dataclass(frozen=True)
class _Reading:
    states: Int
    settings: MonitorSettings
    weights: Codes


def _watched(
    pipelines: Sequence[Pipeline],
    agents: int,
    runs: int,
    bad: int,
    rng: np.random.Generator,
    terms: Increments,
    enrolled: int,
    horizons: Sequence[int],
) -> dict[int, _Reading]:
    """Return the states of agents after some of their runs, the last `bad` of them hijacked."""
    ranks = np.concatenate(
        [
            _ranks(pipeline, len(part), runs, bad, rng)
            for pipeline, part in zip(
                pipelines, np.array_split(np.arange(agents), len(pipelines)), strict=True
            )
        ],
        axis=1,
    )
    monitor = Monitor(monitor_settings(len(KAPPAS), arl=2, enrolled=enrolled))
    names, found = np.arange(agents), {}
    for run, row in enumerate(ranks, start=1):
        monitor.update(names, terms.of(row, _N0 + run))
        if run in horizons:
            states = monitor._records.states[:-1].copy()
            found[run] = _Reading(states, monitor.settings, monitor._weights)
    return found


def _ranks(
    pipeline: Pipeline, agents: int, runs: int, bad: int, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Return the ranks of the judged runs, (runs, agents)."""
    scores = rng.choice(pipeline.benign, (agents, _N0 + runs))
    if bad:
        scores[:, -bad:] = rng.choice(pipeline.hijacked, (agents, bad))
    keys = rng.integers(0, 1 << 64, agents, dtype=np.uint64)
    return ranks_of(scores, keys, _N0)


def _result(runs: int, agents: int, shares: list[float], powers: list[float]) -> FleetResult:
    error = np.std(shares, ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else np.inf
    mean = float(np.mean(shares))
    upper = mean + _SIGMAS * float(error)
    return FleetResult(runs, len(shares), agents, mean, upper, float(np.mean(powers)))


def fleet_table(results: Sequence[FleetResult]) -> Rows:
    """Return a row for each horizon."""
    rows: Rows = [
        ("judged runs", "fleets", "agents each", "false share", "its upper 99 %", "power")
    ]
    for one in results:
        shares = f"{one.false_share:.3%}", f"{one.upper_false_share:.3%}", f"{one.power:.3f}"
        rows.append((str(one.runs), str(one.fleets), f"{one.agents:,}", *shares))
    return rows
