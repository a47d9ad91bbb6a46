"""One history: past scores, counted by value, and the runs that are open, in order of starts."""

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from typing import NamedTuple

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.past_scores import PastScores

__all__ = ["CUTS", "INFINITE", "LEAST", "History", "OpenRun", "Rankable"]

INFINITE = (1 << 63) - 1
"""The score above all: how a run that was cut for suspicion stands in the history."""
LEAST = -(1 << 63)
"""The score below all: a run of which none came before its deadline."""

CUTS = "independent", "suspected"
"""Why a run was cut: for a reason that is independent of its score, or because of it."""


@dataclass
class OpenRun:
    """A run that has started and was not ranked yet.

    Parameters
    ----------
    agent, run : int, str or bytes
        The agent, and the caller's name of the run.
    ordinal : int
        Number of its start in the history, 0 the first.
    start : int
        By the caller's clock.
    score : int
        The highest so far, of the time that counts.
    ended, suspected : bool
    at_most : int or None
        What the score may be at most, where it is uncertain; None: it is certain.
    """

    agent: AgentId
    run: AgentId
    ordinal: int
    start: int
    score: int = LEAST
    ended: bool = False
    suspected: bool = False
    at_most: int | None = None

    @property
    def joins_as(self) -> int:
        """The score with which it stands in the history: the highest that it may be."""
        if self.suspected:
            return INFINITE
        return self.score if self.at_most is None else max(self.score, self.at_most)


class Rankable(NamedTuple):
    """A run to be ranked among the past scores of its moment.

    Parameters
    ----------
    run : OpenRun
    above, at : int
        Past scores that are greater, and equal.
    past : int
        Past scores.
    """

    run: OpenRun
    above: int
    at: int
    past: int


@dataclass
class History:
    """Runs whose scores are exchangeable while nothing has changed: of an agent, or of a class.

    Parameters
    ----------
    deadline : int or None
        How long after its start a run counts with the score it has then, in the caller's clock.

    Attributes
    ----------
    overdue : set
        (agent, run) of those that count no more and have not ended: past their deadline, or of
        before a recalibration.
    """

    deadline: int | None
    past: PastScores = field(default_factory=PastScores)
    open: list[OpenRun] = field(default_factory=list)
    overdue: set[tuple[AgentId, AgentId]] = field(default_factory=set)
    started: int = 0
    clock: int | None = None

    def find(self, agent: AgentId, run: AgentId, at: int | None = None) -> OpenRun | None:
        """Return a run that is open; None if it counts no more.

        BadInput if it is unknown, or the clock would go back to `at`.
        """
        self._refuse_past(at)
        one = self.open_run(agent, run)
        if one is not None or (agent, run) in self.overdue:
            return one
        raise BadInput(
            f"run {run!r} of agent {agent!r} is not open; start() it, and finish it once"
        )

    def open_run(self, agent: AgentId, run: AgentId) -> OpenRun | None:
        """Return a run that is open and counts; None if there is none of the name."""
        for one in self.open:
            if one.run == run and one.agent == agent and not one.ended:
                return one
        return None

    def start(
        self, agent: AgentId, run: AgentId, at: int, at_most: int | None = None
    ) -> list[Rankable]:
        """Note the start of a run; return what became due by the clock."""
        self._refuse_past(at)
        if (agent, run) in self.overdue or any(
            one.run == run and one.agent == agent for one in self.open
        ):
            raise BadInput(f"run {run!r} of agent {agent!r} has started already and is open")
        due = self.advance(at)
        self.open.append(OpenRun(agent, run, self.started, at, at_most=at_most))
        self.started += 1
        return due

    def advance(self, at: int) -> list[Rankable]:
        """Let time pass; return what became due, in order of starts."""
        self._refuse_past(at)
        self.clock = at
        due = []
        while self.open and (self.open[0].ended or self.is_over(self.open[0], at)):
            one = self.open.pop(0)
            if not one.ended:
                self.overdue.add((one.agent, one.run))
            due.append(Rankable(one, *self.past.above_and_at(one.score), self.past.total))
            self.past.add(one.joins_as)
        return due

    def is_over(self, run: OpenRun, at: int) -> bool:
        """Return whether a run's deadline has passed."""
        return self.deadline is not None and at > run.start + self.deadline

    def before(self, run: OpenRun) -> list[Rankable]:
        """Return what is certain of an open run: the agent's own runs before it, then itself.

        Each earlier run that is open counts as the worst that it can be: as infinite for others,
        and as lower than all for itself.
        """
        found, joined = [], list[int]()
        for one in self.open:
            certain = one.ended or one is run
            above, at = self.past.above_and_at(one.score) if certain else (self.past.total, 0)
            if certain:
                place, end = bisect_left(joined, one.score), bisect_right(joined, one.score)
                above += len(joined) - end
                at += end - place
            else:
                above += len(joined)
            if one.agent == run.agent:
                found.append(Rankable(one, above, at, self.past.total + len(joined)))
            if one is run:
                break
            insort(joined, one.joins_as if one.ended else INFINITE)
        return found

    def recalibrate(self) -> None:
        """Drop all scores and open runs; ordinals go on, and what is open may still end."""
        self.overdue |= {(one.agent, one.run) for one in self.open if not one.ended}
        self.past, self.open = type(self.past)(), []

    def _refuse_past(self, at: int | None) -> None:
        if at is None:
            return
        if not -(1 << 62) < at < 1 << 62:
            raise BadInput(f"the clock {at} is wider than 62 bits; give whole ns or ms")
        if self.clock is not None and at < self.clock:
            raise BadInput(f"the clock goes back from {self.clock} to {at}; give events in order")
