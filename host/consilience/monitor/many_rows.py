"""Rows of one call judged together: the same bits as row by row, in a tenth of the time.

Histories are gone through row by row; ranks, increments and statistics are worked out at once.
What is rare, an alarm or an agent whose statistic is high, is then gone through row by row again.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from consilience.monitor.agent_index import AgentId
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.fleet_readings import FleetReadings
from consilience.monitor.implied import RowRefused
from consilience.monitor.many_ranks import at_most
from consilience.monitor.many_runs import EndedRows, place_rows
from consilience.monitor.monitor import Monitor
from consilience.monitor.moving_runs import MovingRuns
from consilience.monitor.observation import Observation, What
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.reported_runs import ReportedRuns
from consilience.monitor.row_columns import Judged, RowColumns
from consilience.monitor.run_ranking import RankedRun, RunRanking
from consilience_hw.spec.monitor_format import Policy

__all__ = ["ManyRows", "goes_together"]


class Watch(Protocol):
    """What is needed of a `FleetWatch`, which has this as one of its ways to take rows."""

    monitor: Monitor
    ranking: RunRanking | None
    ended: EndedRuns | RecentRuns
    run_alpha: Fraction | None
    readings: FleetReadings
    reports: ReportedRuns | None
    implies: bool
    counts: Counter[str]
    told: set[tuple[AgentId, AgentId, str]]
    moving: MovingRuns

    def run_alarm(
        self, run: RankedRun, seen: Observation, line: int, *, provisional: bool
    ) -> list[dict[str, Any]]: ...

    def noted(
        self,
        run: RankedRun,
        seen: Observation,
        line: int,
        state: tuple[tuple[int, ...], int],
        before: int,
        statistic: int,
        is_alarm: bool,
    ) -> list[dict[str, Any]]: ...

    def noted_open(
        self, run: RankedRun, seen: Observation, line: int, before: int, statistic: int
    ) -> list[dict[str, Any]]: ...

    def read_fleet(self, line: int) -> list[dict[str, Any]]: ...


def goes_together(watch: Watch, rows: RowColumns, most_open: int | None) -> bool:
    """Return whether rows can be judged together; what is rare goes row by row."""
    ranking = watch.ranking
    return (
        ranking is not None
        and watch.implies
        and watch.reports is None
        and rows.are_plain
        and ranking.settings.deadline is None
        and not ranking.settings.grouped
        and watch.monitor.settings.policy is not Policy.RECALIBRATE
        and (most_open is None or _has_room(ranking, rows, most_open))
    )


def _has_room(ranking: RunRanking, rows: RowColumns, most_open: int) -> bool:
    """Return whether no history can have too many open runs by these rows."""
    waits = ranking.most_open(rows.agents)
    opens = rows.whats.count(What.START) + rows.whats.count(What.SCORE)
    return waits + (len(rows) if waits else opens) < most_open


@dataclass
class _Path:
    """An agent that is gone through row by row: its record, and its runs that are committed."""

    record: NDArray[np.int64]
    places: list[int]
    next: int = 0
    statistic: int = 0
    before: tuple[tuple[int, ...], int] = ((), 0)


class ManyRows:
    """One call.

    Parameters
    ----------
    watch : FleetWatch
    rows : RowColumns
    first : int
        Number of the first row, for alarms.

    Raises
    ------
    RowRefused
        A row cannot be taken; nothing was noted.
    """

    def __init__(self, watch: Watch, rows: RowColumns, first: int) -> None:
        assert watch.ranking is not None
        self._watch, self._rows, self._first = watch, rows, first
        self._ranking = watch.ranking
        refused = _one_more(watch, rows)
        known = EndedRows(rows, watch.ended, None if refused is None else refused.row)
        if refused is not None:
            raise refused
        due = place_rows(rows, self._ranking, known)
        self._due = due
        counts = watch.counts
        counts["repeated"] += due.again
        counts["observations"] += due.fresh
        counts["without a clock"] += due.fresh
        ranks, numbers, increments, self._is_judged = self._ranking.ranked_many(due)
        self._ranks, self._numbers, self._increments = ranks, numbers, increments
        self._closed = np.array(due.closed, bool)
        self._statistics = np.zeros(len(due.rows), np.int64)
        self._alarms = np.zeros(len(due.rows), bool)
        self._paths: dict[AgentId, _Path] = {}

    def judge(self) -> Judged:
        """Judge all of them."""
        due, found = self._due, Judged(again=self._due.again)
        for first, last, is_read in self._stretches():
            self._judge(first, last, found)
            if is_read:
                watch = self._watch
                row = due.rows[last - 1]
                found.alarms += watch.read_fleet(self._first + row)
        statistics = np.where(self._is_judged, self._statistics, 0).tolist()
        for place in np.flatnonzero(self._closed).tolist():
            found.agents.append(due.agents[place])
            found.runs.append(due.runs[place])
            found.scores.append(due.scores[place])
            found.statistics.append(statistics[place] if self._is_judged[place] else None)
        return found

    def _stretches(self) -> Iterator[tuple[int, int, bool]]:
        """Yield stretches of runs, and whether the fleet is read behind each."""
        options, count = self._watch.readings.options, len(self._due.rows)
        every = None if options is None else options.every
        first = 0
        if every is not None and count:
            runs = self._watch.counts["runs"]
            after = runs + np.cumsum(self._closed)
            rows = np.array(self._due.rows)
            # A reading stands behind all runs that its row has made due.
            ends = np.append(np.flatnonzero((rows[1:] != rows[:-1]) | ~self._closed[1:]), count - 1)
            ends = ends[self._closed[ends]]
            before = np.append(runs, after[ends][:-1])
            for end in ends[after[ends] // every != before // every].tolist():
                yield first, end + 1, True
                first = end + 1
        yield first, count, False

    def _judge(self, first: int, last: int, found: Judged) -> None:
        if first == last:
            return
        watch, part = self._watch, slice(first, last)
        closed = self._closed[part]
        counts = watch.counts
        counts["runs"] += int(closed.sum())
        counts["runs of history alone"] += int((closed & ~self._is_judged[part]).sum())
        places = np.arange(first, last)[self._is_judged[part]]
        agents = list(dict.fromkeys(self._due.agents[one] for one in places.tolist()))
        records = watch.monitor.records(agents) if agents else None
        self._update(places)
        candidates = self._candidates(first, last, places)
        if not candidates:
            return
        self._paths = {}
        if records is not None:
            wanted = {self._due.agents[one] for one in candidates}
            for agent, record in zip(agents, records, strict=True):
                if agent in wanted:
                    self._paths[agent] = _Path(record, [])
            for place in places.tolist():
                path = self._paths.get(self._due.agents[place])
                if path is not None and self._closed[place]:
                    path.places.append(place)
        for place in sorted(candidates):
            if self._closed[place]:
                found.alarms += self._closed_run(place)
            else:
                found.alarms += self._open_run(place)

    def _update(self, places: NDArray[np.int64]) -> None:
        """Work out statistics: of open runs from the state that the closed ones before have left.

        Agents do not depend on each other. So all go on together, to where one asks for an open
        run; then all that are asked for; and again.
        """
        closed = self._closed[places]
        if closed.all():
            self._step(places, True)
        elif not closed.any():
            self._step(places, False)
        else:
            turns, asked = dict[AgentId, int](), set[AgentId]()
            of_place = list[int]()
            for place, is_closed in zip(places.tolist(), closed.tolist(), strict=True):
                agent = self._due.agents[place]
                if is_closed and agent in asked:
                    turns[agent] = turns.get(agent, 0) + 1
                    asked.discard(agent)
                elif not is_closed:
                    asked.add(agent)
                of_place.append(turns.get(agent, 0))
            numbers = np.array(of_place)
            for turn in range(int(numbers.max()) + 1):
                for commit in (True, False):
                    self._step(places[(numbers == turn) & (closed == commit)], commit)

    def _step(self, places: NDArray[np.int64], commit: bool) -> None:
        if not len(places):
            return
        agents = [self._due.agents[one] for one in places.tolist()]
        found = self._watch.monitor.update_named(agents, self._increments[places], commit)
        self._statistics[places] = found.statistic
        self._alarms[places[found.alarms]] = True

    def _candidates(self, first: int, last: int, places: NDArray[np.int64]) -> set[int]:
        """Return the places that are gone through row by row."""
        watch, due = self._watch, self._due
        found = set(np.flatnonzero(self._alarms[first:last]) + first)
        if watch.run_alpha is not None:
            part = slice(first, last)
            found |= set(at_most(self._ranks[part], self._numbers[part], watch.run_alpha) + first)
        threshold = watch.monitor.settings.threshold
        high = self._closed[places] & (4 * self._statistics[places] >= threshold)
        kept = watch.moving.agents
        if high.any() or kept:
            agents = {due.agents[one] for one in places[high].tolist()} | kept
            found |= {
                one for one in places.tolist() if self._closed[one] and due.agents[one] in agents
            }
        if watch.told or (found and not self._closed[sorted(found)].all()):
            # What was said of a run while it was open is forgotten with it.
            found |= set(places[self._closed[places]].tolist())
        return {int(one) for one in found}

    def _run(self, place: int) -> RankedRun:
        due = self._due
        if place in due.waits:
            return due.waits[place]
        increments = None
        if self._is_judged[place]:
            increments = self._increments[place].tolist()
        return RankedRun(
            due.agents[place],
            due.runs[place],
            due.scores[place],
            int(self._ranks[place]),
            int(self._numbers[place]),
            increments,
        )

    def _reached(self, place: int) -> _Path:
        """Return an agent's path as it is before a place."""
        path = self._paths[self._due.agents[place]]
        upto = path.next
        while upto < len(path.places) and path.places[upto] < place:
            upto += 1
        steps = self._increments[path.places[path.next : upto]]
        path.statistic, path.before = self._watch.monitor.stepped(path.record, steps)
        path.next = upto
        return path

    def _closed_run(self, place: int) -> list[dict[str, Any]]:
        watch, run = self._watch, self._run(place)
        seen, line = self._seen(place)
        alarms = watch.run_alarm(run, seen, line, provisional=False)
        if run.increments is None:
            return alarms
        path = self._reached(place)
        statistic = int(self._statistics[place])
        before = ((), 0) if run.agent in watch.moving.agents else path.before
        return alarms + watch.noted(
            run, seen, line, before, path.statistic, statistic, bool(self._alarms[place])
        )

    def _open_run(self, place: int) -> list[dict[str, Any]]:
        watch, run = self._watch, self._run(place)
        seen, line = self._seen(place)
        alarms = watch.run_alarm(run, seen, line, provisional=True)
        if run.increments is None or not self._alarms[place]:
            return alarms
        before, statistic = self._reached(place).statistic, int(self._statistics[place])
        return alarms + watch.noted_open(run, seen, line, before, statistic)

    def _seen(self, place: int) -> tuple[Observation, int]:
        row = self._due.rows[place]
        seen = self._rows.observation(row)
        return Observation(seen.what, seen.agent, seen.run, seen.score), self._first + row


def _one_more(watch: Watch, rows: RowColumns) -> RowRefused | None:
    """Return the error of the first row of an agent beyond the fleet."""
    enrolled, ranking = watch.monitor.settings.enrolled, watch.ranking
    if enrolled is None or ranking is None:
        return None
    new = dict.fromkeys(one for one in rows.agents if not ranking.knows(one))
    room = enrolled - ranking.agents
    if len(new) <= room:
        return None
    agent = list(new)[max(room, 0)]
    return RowRefused(
        rows.agents.index(agent),
        f"agent {agent!r} is one more than the {enrolled:,} agents of the fleet; start again with "
        "a larger --agents, the state goes on",
    )
