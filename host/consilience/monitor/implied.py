"""Lines that come over a network: late, twice, without their start. What they imply of a run.

- The first line of a run starts it; a line that says all of a run that is open ends it.
- A start of a run that has started, and a score of one that has ended, say nothing.
- An end without a score has that of the run so far.
- A clock that is behind that of its history is that: lines of several senders cross.
- A line that is refused leaves nothing, and is found before anything is noted of those with it.
"""

from dataclasses import dataclass, field, replace

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.ended_runs import EndedRuns
from consilience.monitor.fleet_readings import FleetReadings
from consilience.monitor.histories import MOST_OPEN, Stage
from consilience.monitor.history import LEAST
from consilience.monitor.monitor import Monitor
from consilience.monitor.observation import NOTES, Observation, What
from consilience.monitor.recent_runs import RecentRuns
from consilience.monitor.run_ranking import RunRanking

__all__ = ["Implied", "RowRefused", "noted_as", "said_by"]

_ENDS = What.WHOLE, What.END


def noted_as(seen: Observation) -> bytes:
    """Return the name under which what a user says is remembered: no run has it."""
    what = What.ACKNOWLEDGE if seen.what is What.UNLATCH else seen.what
    return f"{what.value} {seen.run!r}".encode()


def said_by(seen: Observation) -> int:
    """Return the score under which the end of a run is remembered: `LEAST` if it says none."""
    return LEAST if seen.score is None else seen.score


class RowRefused(BadInput):
    """A line that cannot be taken, of several: none of them was.

    Parameters
    ----------
    row : int
        Its place, 0 the first.
    message : str
    """

    def __init__(self, row: int, message: str) -> None:
        super().__init__(message)
        self.row = row


@dataclass
class Implied:
    """What is known of runs, and what the lines of one call will have said.

    Parameters
    ----------
    ended : EndedRuns or RecentRuns
    ranking : RunRanking or None
    readings : FleetReadings
    monitor : Monitor
    most_open : int or None
        Runs of a history that may be open or wait; None: any number.
    """

    ended: EndedRuns | RecentRuns
    ranking: RunRanking | None
    readings: FleetReadings
    monitor: Monitor
    most_open: int | None = MOST_OPEN
    _ends: dict[tuple[AgentId, AgentId], int] = field(default_factory=dict)
    _notes: set[tuple[AgentId, bytes]] = field(default_factory=set)
    _agents: set[AgentId] = field(default_factory=set)
    _groups: dict[AgentId, AgentId] = field(default_factory=dict)
    _opened: dict[AgentId, set[AgentId]] = field(default_factory=dict)

    def check(self, seen: Observation) -> bool:
        """Note what a line will have said, if it is taken; return False if it says nothing new.

        Raises
        ------
        BadInput
            It cannot be taken.
        """
        if seen.what in NOTES:
            return self._check_note(seen)
        if self._is_again(seen):
            return False
        is_new = not self._knows(seen.agent)
        if is_new:
            self._refuse_one_more(seen.agent)
        self._check_group(seen.agent, seen.group)
        self._check_open(seen)
        if is_new:
            self._agents.add(seen.agent)
        self._note_end(seen)
        return True

    def whole(self, seen: Observation) -> Observation:
        """Return a line that was checked with what it implies."""
        ranking = self.ranking
        if ranking is None or seen.what in NOTES:
            return seen
        at = None
        if ranking.settings.deadline is not None and seen.at is not None:
            at = max(seen.at, ranking.clock(seen.agent))
        what, score, opens = seen.what, seen.score, False
        if ranking.stage(seen.agent, seen.run) is None:
            opens = what in (What.SCORE, What.END)
        elif what is What.WHOLE:
            what = What.END
        if what is What.END and score is None:
            score = ranking.score(seen.agent, seen.run)
            score = LEAST if score is None else score
        return replace(seen, what=what, score=score, at=at, opens=opens)

    def _is_again(self, seen: Observation) -> bool:
        score = self.ended.score(seen.agent, seen.run)
        if score is None:
            score = self._ends.get((seen.agent, seen.run))
        if score is None:
            if self.ranking is None:
                return False
            stage = self.ranking.stage(seen.agent, seen.run)
            if stage is Stage.ENDED:  # and so long ago that it is not remembered
                return True
            return stage is not None and seen.what is What.START
        if seen.what not in _ENDS or seen.score is None or seen.score == score:
            return True
        raise BadInput(
            f"run {seen.run!r} of agent {seen.agent!r} has ended before with another score; give "
            "each run of an agent a name of its own, or leave this one out"
        )

    def _note_end(self, seen: Observation) -> None:
        if seen.what in _ENDS:
            self._ends[seen.agent, seen.run] = said_by(seen)

    def _check_note(self, seen: Observation) -> bool:
        name = noted_as(seen)
        if seen.named and (
            (seen.agent, name) in self._notes or self.ended.score(seen.agent, name) is not None
        ):
            return False
        if not self._knows(seen.agent):
            raise BadInput(
                f"agent {seen.agent!r} is not known; {seen.what.value} it once it has had runs"
            )
        self._notes.add((seen.agent, name))
        return True

    def _refuse_one_more(self, agent: AgentId) -> None:
        enrolled = self.monitor.settings.enrolled
        known = len(self.monitor) if self.ranking is None else self.ranking.agents
        if enrolled is not None and known + len(self._agents) >= enrolled:
            raise BadInput(
                f"agent {agent!r} is one more than the {enrolled:,} agents of the fleet; start "
                "again with a larger --agents, the state goes on"
            )

    def _check_group(self, agent: AgentId, group: AgentId | None) -> None:
        grouped = self.ranking is not None and self.ranking.settings.grouped
        is_read = self.readings.options is not None and bool(self.readings.options.groups)
        if group is not None and not grouped and not is_read:
            raise BadInput(
                "group needs --groups (a history for each) or --group-agents (a reading)"
            )
        known = self._groups.get(agent)
        if known is None and grouped and self.ranking is not None:
            known = self.ranking.group(agent)
            if known is None and group is None:
                raise BadInput("give group, as the histories are of groups")
        if known is not None and group not in (None, known):
            raise BadInput(
                f"agent {agent!r} is in group {known!r}; give it another name in the new group"
            )
        self.readings.check(agent, group, self._groups)
        if group is not None:
            self._groups[agent] = group

    def _check_open(self, seen: Observation) -> None:
        """Refuse one more run of a history in which too many are open: they hold up all others."""
        ranking = self.ranking
        if ranking is None or self.most_open is None:
            return
        opened = self._opened.setdefault(seen.agent, set())
        waits = ranking.runs(seen.agent)[1]
        if waits + len(opened) < self.most_open:
            if self._closes(seen) and not waits:
                opened.discard(seen.run)
            elif ranking.stage(seen.agent, seen.run) is None:
                opened.add(seen.run)
        elif seen.run not in opened and ranking.stage(seen.agent, seen.run) is None:
            raise BadInput(
                f"{waits:,} runs of agent {seen.agent!r} are open or wait for one that is; end "
                "those that started first, or start the service with --deadline"
            )

    def _closes(self, seen: Observation) -> bool:
        """Return whether a line ends its run."""
        return seen.what in _ENDS

    def _knows(self, agent: AgentId) -> bool:
        if agent in self._agents:
            return True
        return self.monitor.knows(agent) if self.ranking is None else self.ranking.knows(agent)
