"""Histories of agents or of groups: whose runs stand where, and what can be told of them."""

from collections.abc import Iterable
from enum import Enum
from threading import RLock

from consilience.errors import BadInput
from consilience.monitor.agent_index import AgentId
from consilience.monitor.history import History, OpenRun
from consilience.monitor.past_scores import PastScores
from consilience.monitor.ranks_settings import RanksSettings
from consilience.turns import in_turn

__all__ = ["MOST_OPEN", "Histories", "Stage"]

MOST_OPEN = 2_000
"""Runs of a history that are open or wait, where lines come over a network and may never end."""


class Stage(Enum):
    """How far a run has come that its history still knows."""

    OPEN = "open"
    ENDED = "ended"
    """It waits for one that started before it."""
    OVERDUE = "overdue"
    """It counts no more and has not ended."""


class Histories:
    """The histories of all agents, each its own, or one for each group.

    Threads may share it: their calls take turns.

    Parameters
    ----------
    settings : RanksSettings
    """

    def __init__(self, settings: RanksSettings) -> None:
        self.settings = settings
        self._histories: dict[AgentId, History] = {}
        self._history_of: dict[AgentId, AgentId] = {}
        self._turns = RLock()

    @in_turn
    def sharing(self, agent: AgentId) -> set[AgentId]:
        """Return the agents whose runs are in the history of an agent, itself among them."""
        name = self._history_of.get(agent)
        if name is None or not self.settings.grouped:
            return {agent}
        return {one for one, history in self._history_of.items() if history == name}

    @in_turn
    def lacking(self) -> dict[AgentId, int]:
        """Return how many runs a history lacks until runs are judged; by name, where it is any."""
        n0 = self.settings.n0
        histories = self._histories.items()
        return {name: n0 - one.past.total for name, one in histories if one.past.total < n0}

    @in_turn
    def waiting(self) -> list[tuple[AgentId, OpenRun, int]]:
        """Return the histories in which ended runs wait: name, the open run that they wait for,
        and how many do."""
        found = []
        for name, one in self._histories.items():
            ended = sum(run.ended for run in one.open)
            if ended:
                found.append((name, one.open[0], ended))
        return found

    @in_turn
    def constant(self) -> list[AgentId]:
        """Return the histories with n0 runs or more that all have one score."""
        histories = self._histories.items()
        return [
            name
            for name, one in histories
            if len(one.past.values) == 1 and one.past.total >= self.settings.n0
        ]

    @in_turn
    def clock(self, agent: AgentId) -> int:
        """Return the clock of an agent's history; 0 before its first run."""
        history = self._histories.get(self._history_of.get(agent, agent))
        return history.clock or 0 if history else 0

    @in_turn
    def started(self, agent: AgentId, run: AgentId) -> int | None:
        """Return the clock at which a run started that is open; None if it is not."""
        one = self._open(agent, run)
        return one.start if one else None

    @in_turn
    def score(self, agent: AgentId, run: AgentId) -> int | None:
        """Return the highest score so far of a run that is open; None if it is not."""
        one = self._open(agent, run)
        return one.score if one else None

    @in_turn
    def stage(self, agent: AgentId, run: AgentId) -> Stage | None:
        """Return how far a run has come; None if its history has not seen it, or is done with."""
        history = self._histories.get(self._history_of.get(agent, agent))
        if history is None:
            return None
        for one in history.open:
            if one.run == run and one.agent == agent:
                return Stage.ENDED if one.ended else Stage.OPEN
        return Stage.OVERDUE if (agent, run) in history.overdue else None

    @property
    @in_turn
    def agents(self) -> int:
        """The number of agents that have a history."""
        return len(self._history_of)

    @in_turn
    def knows(self, agent: AgentId) -> bool:
        """Return whether an agent has a history."""
        return agent in self._history_of

    @in_turn
    def group(self, agent: AgentId) -> AgentId | None:
        """Return the name of the history of an agent; None if it has none."""
        return self._history_of.get(agent)

    @in_turn
    def runs(self, agent: AgentId) -> tuple[int, int]:
        """Return how many runs an agent's history has, and how many are open; 0, 0 if unknown."""
        history = self._histories.get(self._history_of.get(agent, agent))
        return (history.past.total, len(history.open)) if history else (0, 0)

    @in_turn
    def open_runs(self, agent: AgentId) -> set[AgentId]:
        """Return the runs of an agent that are open or wait."""
        history = self._histories.get(self._history_of.get(agent, agent))
        return {one.run for one in history.open if one.agent == agent} if history else set()

    @in_turn
    def most_open(self, agents: Iterable[AgentId]) -> int:
        """Return how many runs are open, or wait, in the history of some agents that has most."""
        found, names = self._histories, self._history_of
        known = {names.get(one, one) for one in agents}
        return max((len(found[one].open) for one in known if one in found), default=0)

    @in_turn
    def past(self, agent: AgentId | None) -> PastScores | None:
        """Return the scores of an agent's history as they are now; None if it has none."""
        history = None if agent is None else self._histories.get(self._history_of.get(agent, agent))
        return None if history is None else history.past

    @in_turn
    def held_up(self, agent: AgentId) -> tuple[OpenRun, int] | None:
        """Return the open run of a history that ended ones wait for, and how many; None: none."""
        history = self._histories.get(self._history_of.get(agent, agent))
        if history is None or not history.open:
            return None
        waiting = sum(one.ended for one in history.open)
        return (history.open[0], waiting) if waiting else None

    @in_turn
    def remove(self, agent: AgentId) -> None:
        """Forget an agent: its history, or that it is in a group, whose history stays as it is.

        Raises
        ------
        BadInput
            Runs of it are open in the history of a group, where others wait for them.
        """
        name = self._history_of.get(agent)
        if name is None:
            return
        history = self._histories[name]
        if self.settings.grouped:
            if any(one.agent == agent for one in history.open):
                raise BadInput(
                    f"agent {agent!r} has open runs in the history of group {name!r}; end them "
                    "first"
                )
            history.overdue = {one for one in history.overdue if one[0] != agent}
        else:
            del self._histories[name]
        del self._history_of[agent]

    @property
    def histories(self) -> dict[AgentId, History]:
        """The histories by name: for who puts many runs into them, one at a time."""
        return self._histories

    @in_turn
    def begun(self, agent: AgentId) -> History:
        """Return a new history of an agent that has none."""
        history = self._new_history()
        history.clock = 0
        self._histories[agent], self._history_of[agent] = history, agent
        return history

    def _open(self, agent: AgentId, run: AgentId) -> OpenRun | None:
        history = self._histories.get(self._history_of.get(agent, agent))
        return history.open_run(agent, run) if history else None

    def _name(self, agent: AgentId, group: AgentId | None) -> AgentId:
        """Return the name of an agent's history; BadInput if the group does not fit."""
        if not self.settings.grouped:
            if group is not None:
                raise BadInput('group needs history="group"')
            return agent
        known = self._history_of.get(agent, group)
        if known is None:
            raise BadInput("give group, as the histories are of groups")
        if group not in (None, known):
            raise BadInput(
                f"agent {agent!r} is in group {known!r}, and its runs stand in that history; give "
                "it another name in the new group"
            )
        return known

    def _new_history(self) -> History:
        return History(self.settings.deadline, self._kept(PastScores()))

    def _kept(self, past: PastScores) -> PastScores:
        """Return what is kept of past scores: all that ranks need."""
        return past

    def _history(self, agent: AgentId) -> History:
        try:
            return self._histories[self._history_of[agent]]
        except KeyError:
            raise BadInput(f"agent {agent!r} has no history yet; start() a run") from None
