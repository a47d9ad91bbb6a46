"""An agent that makes many runs: does it still behave? The monitor over time, and flags of runs.

Runs are drawn with replacement from a file, so that the nulls hold by construction: what is tried
is how long an alarm takes, and what a promise for each run is worth over many.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import consilience as cs
from consilience.monitor.frozen_table import FrozenTable
from consilience.numbers.arrays import Codes

from .comparison import Share, shares
from .increments import EDGES, LEAST_FROZEN
from .judged_runs import JudgedRun
from .ranked import divided
from .suspicion import DOUBT

__all__ = ["HISTORY", "LATER", "SCENARIOS", "SEQUENCES", "Scenario", "Span", "alarms_over_time"]

HISTORY = 100
"""Runs that are ranked against and not watched."""
LATER = 300
"""Runs behind the history, or behind the change."""
SEQUENCES = 200
_SEED = 11
_MONITORS = {
    "conformal": "monitor, conformal ranks",
    "frozen": "monitor, frozen table",
}


class Scenario(NamedTuple):
    """What an agent does.

    Parameters
    ----------
    name : str
    history : str
        "solved" or "recorded": solved runs alone, or solved and unsolved ones as in the file.
    before : int
        Runs like the history, behind it.
    unsolved : Fraction or None
        Share of unsolved runs after that; None: as the history, nothing changes.
    """

    name: str
    history: str
    before: int
    unsolved: Fraction | None


SCENARIOS = (
    Scenario("solved runs", "solved", 0, None),
    Scenario("all unsolved", "solved", 0, Fraction(1)),
    Scenario("every second unsolved", "solved", 0, Fraction(1, 2)),
    Scenario("50 solved, then all unsolved", "solved", 50, Fraction(1)),
    Scenario("runs as recorded", "recorded", 0, None),
    Scenario("as recorded, then all unsolved", "recorded", 0, Fraction(1)),
)


class Span(NamedTuple):
    """What a method does in a scenario, at a level.

    Parameters
    ----------
    method, scenario : str
    level : Fraction
    alarmed : Share
        Sequences with an alarm, of those without one before the change.
    delay : float or None
        Runs from the change to the alarm, the alarming one counted, mean of those that have one;
        None where nothing changes, or none came.
    early : Share or None
        Sequences with an alarm before the change; None where there is nothing before it.
    """

    method: str
    scenario: str
    level: Fraction
    alarmed: Share
    delay: float | None
    early: Share | None


def _drawn(
    scenario: Scenario, solved: NDArray[np.int64], unsolved: NDArray[np.int64], number: int
) -> NDArray[np.int64]:
    """Return which runs come, (sequences, history + before + later)."""
    draw = np.random.default_rng([_SEED, number])
    whole = HISTORY + scenario.before + LATER
    share = len(unsolved) / (len(solved) + len(unsolved)) if scenario.history == "recorded" else 0.0
    chance = np.full(whole, share)
    if scenario.unsolved is not None:
        chance[HISTORY + scenario.before :] = float(scenario.unsolved)
    shape = SEQUENCES, whole
    bad = draw.random(shape) < chance
    return np.where(bad, draw.choice(unsolved, shape), draw.choice(solved, shape))


def _increments(
    scenario: Scenario, suspicion: NDArray[np.int64], table: FrozenTable | None
) -> Codes:
    """Return increments of the runs behind the history, (sequences, runs, bets)."""
    sequences, runs = suspicion.shape
    if table is not None:
        found = table.increments(table.bins(suspicion[:, HISTORY:].ravel()))
    else:
        agents = np.repeat(np.arange(sequences), runs)
        ranks = cs.ConformalRanks(n0=HISTORY, seed=_SEED)
        whole, ready = ranks.increments(
            agents, np.tile(np.arange(runs), sequences), suspicion.ravel()
        )
        found = whole[ready]
    return found.reshape(sequences, runs - HISTORY, -1)


def _monitored(increments: Codes, level: Fraction, source: str) -> NDArray[np.bool_]:
    """Return which runs alarm, (sequences, runs), of a monitor that may alarm at any time."""
    sequences, runs, bets = increments.shape
    with (
        cs.open("cpu") as device,
        device.monitor(bets, mode="spread", false_alarm=level, source=source) as monitor,
    ):
        agents = np.repeat(np.arange(sequences), runs)
        found = monitor.update(agents, increments.reshape(-1, bets))
    alarmed = np.zeros(sequences * runs, np.bool_)
    alarmed[found.alarms] = True
    return alarmed.reshape(sequences, runs)


def _span(
    method: str, scenario: Scenario, level: Fraction, alarmed: NDArray[np.bool_], *, once: bool
) -> Span:
    """Return what alarms make of a scenario; a method that alarms `once` is silent afterwards."""
    before = np.asarray(alarmed[:, : scenario.before].any(axis=1))
    after = alarmed[~before, scenario.before :] if once else alarmed[:, scenario.before :]
    came = np.asarray(after.any(axis=1))
    delay = float(after[came].argmax(axis=1).mean()) + 1 if came.any() else None
    return Span(
        method,
        scenario.name,
        level,
        shares(came[None]),
        None if scenario.unsolved is None else delay,
        shares(before[None]) if scenario.before else None,
    )


def alarms_over_time(
    runs: Sequence[JudgedRun],
    levels: Sequence[Fraction],
    flags: Mapping[tuple[str, Fraction], NDArray[np.bool_]],
) -> list[Span]:
    """Return what monitors, and flags of single runs, make of the scenarios.

    Parameters
    ----------
    runs : sequence of JudgedRun
    levels : sequence of Fraction
        For monitors the probability of a false alarm of an agent, ever.
    flags : mapping of (str, Fraction) to (seeds, runs) bool
        Whether a method flags a run that it has not seen, by the method's name and the level.
    """
    suspicion = np.array([int(DOUBT.running(run.codes)[-1]) for run in runs])
    drawable = np.ones(len(runs), np.bool_)
    tables: dict[str, FrozenTable | None] = {"conformal": None}
    if sum(run.solved for run in runs) >= 2 * LEAST_FROZEN:
        place = {run.name: one for one, run in enumerate(runs)}
        fit = [place[run.name] for run in divided(runs, Fraction(1, 2), _SEED)[0] if run.solved]
        tables["frozen"] = FrozenTable.fit_scores(suspicion[fit], EDGES)
        drawable[fit] = False
    solved = np.array([run.solved for run in runs])
    good, bad = np.flatnonzero(solved & drawable), np.flatnonzero(~solved)
    found = []
    for number, scenario in enumerate(SCENARIOS):
        drawn = _drawn(scenario, good, bad, number)
        for source, table in tables.items():
            if source == "frozen" and scenario.history == "recorded":
                continue  # its table is of solved runs
            increments = _increments(scenario, suspicion[drawn], table)
            for level in levels:
                alarmed = _monitored(increments, level, source)
                found.append(_span(_MONITORS[source], scenario, level, alarmed, once=True))
        if scenario.history == "recorded":
            continue
        later = drawn[:, HISTORY:]
        for (method, level), its in flags.items():
            judged = np.arange(SEQUENCES)[:, None] % len(its)
            found.append(_span(method, scenario, level, its[judged, later], once=False))
    return found
