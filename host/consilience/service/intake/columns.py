"""Observations as columns: what is put into the log, and taken out of it."""

from enum import IntEnum
from typing import Any

import msgspec

from consilience.monitor.observation import What
from consilience.monitor.row_columns import RowColumns

__all__ = ["NOTES", "Columns", "Event"]

Name = int | str


class Event(IntEnum):
    """What a row says of a run; the numbers stand in the log."""

    RUN = 0
    START = 1
    SCORE = 2
    END = 3
    UNLATCH = 4
    """What `acknowledge` was in older logs: read, no longer written."""
    RECALIBRATE = 5
    ACKNOWLEDGE = 6


NOTES = frozenset((Event.UNLATCH, Event.RECALIBRATE, Event.ACKNOWLEDGE))
"""What a user says of an agent, and no run."""


WHATS = [
    What.WHOLE,
    What.START,
    What.SCORE,
    What.END,
    What.UNLATCH,
    What.RECALIBRATE,
    What.ACKNOWLEDGE,
]
"""By `Event`."""


class Columns(msgspec.Struct, array_like=True, gc=False):
    """Rows of observations, column by column, all of one length.

    Attributes
    ----------
    agents, runs : list of int or str
        A run is None where a user says something of an agent, and gives that no name.
    events : list of int
        `Event`.
    scores : list of int or None
        Binned.
    steps : list of int or None
        Places of scores in their runs.
    at : list of int or None, or None
        The clock of rows, ms; None: no row has one.
    groups, cuts : list of str or None, or None
    increments : list of lists of int, or None
        Codes, where the user asserts them.
    reporters : list of int or str or None, or None
        Who says a row.
    """

    agents: list[Name]
    runs: list[Name | None]
    events: list[int]
    scores: list[int | None]
    steps: list[int | None]
    at: list[int | None] | None = None
    groups: list[Name | None] | None = None
    cuts: list[str | None] | None = None
    increments: list[list[int]] | None = None
    reporters: list[Name | None] | None = None

    def __len__(self) -> int:
        return len(self.agents)

    @property
    def have_steps(self) -> bool:
        """Whether a row has a step."""
        return self.steps.count(None) < len(self.steps)

    @property
    def are_runs(self) -> bool:
        """Whether all rows are of runs, and none says what a user does."""
        return NOTES.isdisjoint(self.events)

    @property
    def heard(self) -> list[Name]:
        """The agents of which a row says a run: what a user says of one is no word of it."""
        if self.are_runs:
            return self.agents
        pairs = zip(self.agents, self.events, strict=True)
        return [agent for agent, event in pairs if event not in NOTES]

    def taken(self, places: list[int] | None) -> "Columns":
        """Return some of the rows; None: all."""
        if places is None:
            return self
        every: list[list[Any] | None] = [getattr(self, name) for name in self.__struct_fields__]
        some: list[Any] = [
            None if one is None else [one[place] for place in places] for one in every
        ]
        return Columns(*some)

    def rows(self, number: int, now: int) -> RowColumns:
        """Return them as a watch takes them.

        Parameters
        ----------
        number : int
            What stands for the run of the first row, if it has none, and so on.
        now : int
            The clock of a row without one.
        """
        runs: list[Any] = list(self.runs)
        named = None
        if None in runs:
            named = [run is not None for run in runs]
            runs = [number + place if run is None else run for place, run in enumerate(runs)]
        at: list[int | None] = [
            now if one is None else one for one in self.at or [None] * len(self)
        ]
        increments = None
        if self.increments is not None:
            increments = [tuple(one) for one in self.increments]
        agents: list[Any] = self.agents
        groups: list[Any] | None = self.groups
        reporters: list[Any] | None = self.reporters
        return RowColumns(
            [WHATS[event] for event in self.events],
            agents,
            runs,
            self.scores,
            at,
            groups,
            self.cuts,
            increments,
            named,
            reporters,
        )
