"""Which runs moved an agent's statistic: what it would be without each of them, exactly.

The last runs of an agent are kept while its statistic is a quarter of the threshold or more, with
the state before them. The recurrence is carried out again without each: the increments of all
others stay as they were.
"""

from collections.abc import Iterable, KeysView, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from consilience.monitor.agent_index import AgentId
from consilience.monitor.alarm_scores import Scored
from consilience.monitor.cpu_steps import cpu_steps
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import MonitorSettings
from consilience.monitor.statistics import statistics_of_components
from consilience.monitor.steps import MOST_OBSERVATIONS, AgentSteps, StepSettings
from consilience_hw.spec.monitor_format import Policy

__all__ = ["MovedRun", "MovingRuns", "in_words", "without_each"]

_MOST = 256
"""Runs of an agent that are kept; older ones go into the state before them."""
_SHOWN = 6
_BIT = 65536


class MovedRun(NamedTuple):
    """A run that moved a statistic up.

    Parameters
    ----------
    run : int or str
    without : int
        The statistic without it, a code.
    scored : Scored or None
        How it was ranked; None: increments came, or it is not known any more.
    """

    run: AgentId
    without: int
    scored: Scored | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it; the log of zero is None."""
        return {"run": self.run, "without_bits": _bits(self.without)}


@dataclass
class _Kept:
    """Components and t before some runs, these with their increments, and how they ranked."""

    components: tuple[int, ...]
    observations: int
    runs: list[tuple[AgentId, tuple[int, ...]]]
    scored: list[Scored | None]


class MovingRuns:
    """The runs that moved agents whose statistics are high.

    Parameters
    ----------
    settings : MonitorSettings
        Of the monitor.
    """

    def __init__(self, settings: MonitorSettings) -> None:
        self._settings = settings
        self._kept: dict[AgentId, _Kept] = {}

    @property
    def agents(self) -> KeysView[AgentId]:
        """The agents of which runs are kept."""
        return self._kept.keys()

    def runs(self, agent: AgentId) -> set[AgentId]:
        """Return those of an agent that may have moved it."""
        kept = self._kept.get(agent)
        return set() if kept is None else {run for run, _ in kept.runs}

    def before(self, monitor: Monitor, agent: AgentId) -> tuple[tuple[int, ...], int]:
        """Return what `note` needs of an agent before an observation of it."""
        return ((), 0) if agent in self._kept else monitor.components(agent)

    def note(
        self,
        agent: AgentId,
        run: AgentId,
        increments: Sequence[int],
        before: tuple[tuple[int, ...], int],
        statistic: int,
        scored: Scored | None = None,
    ) -> None:
        """Take an observation that the monitor has taken, its statistic then, and its rank."""
        if 4 * statistic < self._settings.threshold:
            self._kept.pop(agent, None)
            return
        kept = self._kept.setdefault(agent, _Kept(*before, [], []))
        kept.runs.append((run, tuple(increments)))
        kept.scored.append(scored)
        if len(kept.runs) > _MOST:
            self._forget_first(kept)

    def moved(
        self,
        agent: AgentId,
        statistic: int,
        before: int,
        provisional: tuple[AgentId, Sequence[int], Scored | None] | None = None,
    ) -> list[MovedRun]:
        """Return the runs without which the statistic would be lower, the strongest first.

        Parameters
        ----------
        agent : int or str
        statistic, before : int
            T after the last of its runs, and before it.
        provisional : (run, increments, Scored or None) or None
            One more run, which is open.
        """
        kept = self._kept.get(agent)
        runs = [] if kept is None else list(kept.runs)
        scored = [] if kept is None else list(kept.scored)
        if provisional is not None:
            runs.append((provisional[0], tuple(provisional[1])))
            scored.append(provisional[2])
        if kept is None:
            return [MovedRun(run, before, *scored) for run, _ in runs]
        without = without_each(
            self._settings, kept.components, kept.observations, [one for _, one in runs]
        )
        found = [
            MovedRun(run, left, one)
            for (run, _), left, one in zip(runs, without, scored, strict=True)
            if left < statistic
        ]
        return sorted(found, key=lambda one: one.without)

    def drop(self, agents: Iterable[AgentId]) -> None:
        """Forget the runs of agents that begin anew."""
        for agent in agents:
            self._kept.pop(agent, None)

    @property
    def facts(self) -> list[Any]:
        """What it keeps, as JSON holds it."""
        return sorted(
            ([agent, one.components, one.observations, one.runs] for agent, one in
             self._kept.items()), key=repr)  # fmt: skip

    @property
    def scores(self) -> list[Any]:
        """How the runs that are kept were ranked, as JSON holds it; older programs have none."""
        return sorted(([agent, one.scored] for agent, one in self._kept.items()), key=repr)

    def restore(self, facts: Sequence[Any], scores: Sequence[Any] = ()) -> None:
        """Go on from what was kept."""
        ranked = dict(scores)
        for agent, components, observations, runs in facts:
            pairs = [(run, tuple(increments)) for run, increments in runs]
            found = ranked.get(agent, [None] * len(pairs))
            scored = [None if one is None else Scored(*one) for one in found]
            self._kept[agent] = _Kept(tuple(components), observations, pairs, scored)

    def _forget_first(self, kept: _Kept) -> None:
        first = kept.runs.pop(0)
        kept.scored.pop(0)
        stepped = cpu_steps(_latching(self._settings), _steps(kept, [[first[1]]]))
        kept.components = tuple(stepped.components[0].tolist())
        kept.observations += 1


def without_each(
    settings: MonitorSettings,
    components: Sequence[int],
    observations: int,
    increments: Sequence[Sequence[int]],
) -> list[int]:
    """Return T after all observations but one, for each of them.

    Parameters
    ----------
    settings : MonitorSettings
    components : K codes
        Of the state before the first.
    observations : int
        t of that state.
    increments : (n, K) codes
    """
    count = len(increments)
    if count == 1:
        start = np.array([components], np.int32)
        return [int(statistics_of_components(start, settings.weights)[0])]
    kept = _Kept(tuple(components), observations, [], [])
    rows = [[*increments[:out], *increments[out + 1 :]] for out in range(count)]
    stepped = cpu_steps(_latching(settings), _steps(kept, rows))
    found: list[int] = stepped.statistics.reshape(count, count - 1)[:, -1].tolist()
    return found


def in_words(moved: Sequence[MovedRun], statistic: int, threshold: int, unit: str = "runs") -> str:
    """Return which runs brought the statistic to what it is, and what it would be without each."""
    parts = []
    for one in moved[:_SHOWN]:
        quiet = ", no alarm" if one.without < threshold <= statistic else ""
        bits = _bits(one.without)
        parts.append(f"{one.run!s} (without it {'none' if bits is None else f'{bits:.1f}'}{quiet})")
    more = len(moved) - _SHOWN
    names = ", ".join(parts) + (f" and {more:,} more" if more > 0 else "")
    return (
        f"{unit if len(moved) > 1 else unit.removesuffix('s')} {names} brought the statistic to "
        f"{statistic / _BIT:.1f} bits, threshold {threshold / _BIT:.1f}"
    )


def _latching(settings: MonitorSettings) -> StepSettings:
    """Return settings under which an alarm lets the state go on."""
    return StepSettings.of(replace(settings, policy=Policy.LATCH), commit=True)


def _steps(kept: _Kept, rows: Sequence[Sequence[Sequence[int]]]) -> AgentSteps:
    """Return as many agents in one state, each with rows of its own."""
    agents = len(rows)
    return AgentSteps(
        np.tile(np.array([kept.components], np.int32), (agents, 1)),
        np.full(agents, min(kept.observations, MOST_OBSERVATIONS), np.uint32),
        np.zeros(agents, np.uint32),
        np.arange(agents + 1) * len(rows[0]),
        np.array(rows, np.int32).reshape(agents * len(rows[0]), -1),
    )


def _bits(code: int) -> float | None:
    return None if code == -(1 << 31) else round(code / _BIT, 4)
