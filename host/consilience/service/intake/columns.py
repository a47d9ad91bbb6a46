"""Observations as columns: what is put into the log, and taken out of it."""

from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

import msgspec

from consilience.monitor.observation import Observation, What

__all__ = ["Columns", "Event"]

Name = int | str


class Event(IntEnum):
    """What a row says of a run; the numbers stand in the log."""

    RUN = 0
    START = 1
    SCORE = 2
    END = 3
    ACKNOWLEDGE = 4
    RECALIBRATE = 5


WHATS = {
    Event.RUN: What.WHOLE,
    Event.START: What.START,
    Event.SCORE: What.SCORE,
    Event.END: What.END,
    Event.ACKNOWLEDGE: What.ACKNOWLEDGE,
    Event.RECALIBRATE: What.RECALIBRATE,
}


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

    def __len__(self) -> int:
        return len(self.agents)

    def observation(self, place: int, number: int, now: int) -> Observation:
        """Return a row as a watch takes it.

        Parameters
        ----------
        place : int
        number : int
            What stands for the run of a row without one.
        now : int
            The clock of a row without one.
        """
        run, at = self.runs[place], _of(self.at, place)
        increments = _of(self.increments, place)
        return Observation(
            WHATS[Event(self.events[place])],
            self.agents[place],
            number if run is None else run,
            self.scores[place],
            now if at is None else at,
            _of(self.groups, place),
            _of(self.cuts, place),
            None,
            None if increments is None else tuple(increments),
            run is not None,
        )


Value = TypeVar("Value")


def _of(column: Sequence[Value] | None, place: int) -> Value | None:
    return None if column is None else column[place]
