"""Rows of runs put into their histories, in order: which runs are due, and which are open.

What it does to histories is what `RunRanking.start`, `observe` and `finish` do, row by row, where
there is no deadline; ranks are worked out behind it, all at once.
"""

from dataclasses import dataclass, field

import numpy as np

from consilience.monitor.agent_index import AgentId
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.history import LEAST, History, OpenRun, Rankable
from consilience.monitor.implied import RowRefused
from consilience.monitor.observation import What
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.row_columns import RowColumns
from consilience.monitor.run_ranking import RankedRun, RunRanking

__all__ = ["Due", "EndedRows", "place_rows"]

_ENDS = What.WHOLE, What.END


@dataclass
class Due:
    """Runs to be ranked, in order, each among the past scores of its moment.

    Attributes
    ----------
    rows : list of int
        The row by which each is due.
    agents, runs : list
    scores, ordinals, above, at, past : list of int
        See `OpenRun` and `Rankable`.
    closed : list of bool
        False: it is open, and its rank provisional.
    waits : dict of int to RankedRun
        Open runs that wait for earlier ones, by place: what is certain of them.
    fresh : int
        Rows that said something new.
    again : int
        Rows that did not.
    """

    rows: list[int] = field(default_factory=list)
    agents: list[AgentId] = field(default_factory=list)
    runs: list[AgentId] = field(default_factory=list)
    scores: list[int] = field(default_factory=list)
    ordinals: list[int] = field(default_factory=list)
    above: list[int] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    past: list[int] = field(default_factory=list)
    closed: list[bool] = field(default_factory=list)
    waits: dict[int, RankedRun] = field(default_factory=dict)
    fresh: int = 0
    again: int = 0

    def add(self, row: int, one: Rankable, closed: bool) -> None:
        """Add a run."""
        run = one.run
        self.rows.append(row)
        self.agents.append(run.agent)
        self.runs.append(run.run)
        self.scores.append(run.score)
        self.ordinals.append(run.ordinal)
        self.above.append(one.above)
        self.at.append(one.at)
        self.past.append(one.past)
        self.closed.append(closed)


class EndedRows:
    """Which rows are of runs that have ended before them; checked, before anything is noted.

    Parameters
    ----------
    rows : RowColumns
    ended : EndedRuns or RecentRuns
    before : int or None
        Rows before this one are looked at; None: all.

    Raises
    ------
    RowRefused
        A row ends a run otherwise than it has ended.
    """

    def __init__(self, rows: RowColumns, ended: EndedRuns | RecentRuns, before: int | None) -> None:
        self._rows, self._ended = rows, ended
        names = ended.names(rows.agents, rows.runs)
        has_ended, scores = ended.scores(names)
        self.names: list[int] = names.tolist()
        self.before: list[bool] = has_ended.tolist()
        ends = [name for name, what in zip(self.names, rows.whats, strict=True) if what in _ENDS]
        if has_ended.any() or len(set(ends)) < len(ends):
            self._check(scores.tolist(), before)

    def note(self, ended: dict[int, int]) -> None:
        """Note runs that have ended, by their names, with the scores that were said."""
        names = np.array(list(ended), np.int64)
        self._ended.end_all(names, np.array(list(ended.values()), np.int64))

    def _check(self, scores: list[int], before: int | None) -> None:
        """Refuse a row that ends a run otherwise than it has ended, or will have."""
        rows, will = self._rows, dict[int, int]()
        for place, name in enumerate(self.names[:before]):
            if rows.whats[place] not in _ENDS:
                continue
            score = rows.scores[place]
            if self.before[place]:
                known = scores[place]
            else:
                known = will.setdefault(name, LEAST if score is None else score)
            if score is not None and score != known:
                raise RowRefused(
                    place,
                    f"run {rows.runs[place]!r} of agent {rows.agents[place]!r} has ended before "
                    "with another score; give each run of an agent a name of its own, or leave "
                    "this one out",
                )


def place_rows(rows: RowColumns, ranking: RunRanking, known: EndedRows) -> Due:
    """Put rows into their histories; all of them can be taken.

    Parameters
    ----------
    rows : RowColumns
        Plain ones.
    ranking : RunRanking
        Without a deadline, a history for each agent.
    known : EndedRows
        Of these rows.
    """
    due, ended = Due(), dict[int, int]()
    histories, before = ranking.histories, known.before
    columns = zip(rows.whats, rows.agents, rows.runs, rows.scores, known.names, strict=True)
    for row, (what, agent, run, score, name) in enumerate(columns):
        if before[row] or name in ended:
            due.again += 1
            continue
        history = histories.get(agent)
        if history is None:
            history = ranking.begun(agent)
        ends = what is What.WHOLE or what is What.END
        if ends:
            ended[name] = LEAST if score is None else score
        if ends and not history.open and not history.overdue:
            # Nearly always: a whole run, and none is open.
            counted = LEAST if score is None else score
            past, ordinal = history.past.total, history.started
            above, at = history.past.enter(counted)
            history.started = ordinal + 1
            due.rows.append(row)
            due.agents.append(agent)
            due.runs.append(run)
            due.scores.append(counted)
            due.ordinals.append(ordinal)
            due.above.append(above)
            due.at.append(at)
            due.past.append(past)
            due.closed.append(True)
            due.fresh += 1
            continue
        if not _place(due, row, what, agent, run, score, history, ranking):
            ended.pop(name, None)
            due.again += 1
            continue
        due.fresh += 1
    if ended:
        known.note(ended)
    return due


def _place(
    due: Due,
    row: int,
    what: What,
    agent: AgentId,
    run: AgentId,
    score: int | None,
    history: History,
    ranking: RunRanking,
) -> bool:
    """Put one row into its history; return False if it says nothing new."""
    found = next((one for one in history.open if one.run == run and one.agent == agent), None)
    if found is not None and found.ended:
        return False
    overdue = found is None and (agent, run) in history.overdue
    if what is What.START and (found is not None or overdue):
        return False
    if found is None and not overdue:
        found = OpenRun(agent, run, history.started, history.clock or 0)
        history.open.append(found)
        history.started += 1
    if found is not None and score is not None:
        found.score = max(found.score, score)
    if what in _ENDS:
        if found is not None:
            found.ended = True
        for one in history.advance(history.clock or 0):
            due.add(row, one, True)
        history.overdue.discard((agent, run))
    elif what is What.SCORE and found is not None:
        _ask(due, row, found, history, ranking)
    return True


def _ask(due: Due, row: int, run: OpenRun, history: History, ranking: RunRanking) -> None:
    """Ask for the rank of an open run."""
    if history.open[0] is run:
        above, at = history.past.above_and_at(run.score)
        due.add(row, Rankable(run, above, at, history.past.total), False)
        return
    certain = ranking.provisional(run.agent, run.run, run.score)
    assert certain is not None
    due.waits[len(due.rows)] = certain
    due.add(row, Rankable(run, 0, 0, history.past.total), False)
