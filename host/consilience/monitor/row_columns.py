"""Observations of a call, column by column; and what they became."""

from dataclasses import dataclass, field
from typing import Any

from consilience.monitor.agent_index import AgentId
from consilience.monitor.observation import NOTES, Observation, What

__all__ = ["Judged", "RowColumns"]


@dataclass
class RowColumns:
    """Rows that name their runs, all columns of one length.

    Parameters
    ----------
    whats : list of What
    agents, runs : list of int, str or bytes
    scores : list of int or None
        Binned.
    at : list of int or None, or None
    groups, cuts : list of str or None, or None
        None: no row has one.
    increments : list of tuples of int, or None
        Codes, where they are asserted.
    named : list of bool, or None
        Whether a row names its run; None: each does.
    reporters : list of int or str or None, or None
        Who says a row; None: no row has one.
    """

    whats: list[What]
    agents: list[AgentId]
    runs: list[AgentId]
    scores: list[int | None]
    at: list[int | None] | None = None
    groups: list[AgentId | None] | None = None
    cuts: list[str | None] | None = None
    increments: list[tuple[int, ...]] | None = None
    named: list[bool] | None = None
    reporters: list[AgentId | None] | None = None

    def __len__(self) -> int:
        return len(self.agents)

    def observation(self, place: int) -> Observation:
        """Return a row."""
        return Observation(
            self.whats[place],
            self.agents[place],
            self.runs[place],
            self.scores[place],
            None if self.at is None else self.at[place],
            None if self.groups is None else self.groups[place],
            None if self.cuts is None else self.cuts[place],
            None,
            None if self.increments is None else self.increments[place],
            self.named is None or self.named[place],
            None if self.reporters is None else self.reporters[place],
        )

    @property
    def are_plain(self) -> bool:
        """Whether rows are runs and scores alone, nothing that is rare."""
        rare = self.groups, self.cuts, self.increments, self.named, self.reporters
        return NOTES.isdisjoint(self.whats) and all(one is None for one in rare)


@dataclass
class Judged:
    """What rows became.

    Attributes
    ----------
    again : int
        Rows that said nothing new.
    alarms : list of dict
        Lines of JSON, in order.
    agents, runs : list
        Of the runs that have counted, in order.
    scores : list of int
        Binned.
    statistics : list of int or None
        T after each, a code; None: its history is too short to judge it.
    noted : list of int
        Numbers of the rows by which a user said something new of an agent.
    """

    again: int = 0
    alarms: list[dict[str, Any]] = field(default_factory=list)
    agents: list[AgentId] = field(default_factory=list)
    runs: list[AgentId] = field(default_factory=list)
    scores: list[int] = field(default_factory=list)
    statistics: list[int | None] = field(default_factory=list)
    noted: list[int] = field(default_factory=list)
