"""What a line says of a run."""

from dataclasses import dataclass
from enum import Enum

from consilience.monitor.agent_index import AgentId

__all__ = ["NOTES", "Observation", "What"]


class What(Enum):
    """What a line says of a run."""

    WHOLE = "run"
    """It has started and ended: the line is all of it."""
    START = "start"
    SCORE = "score"
    """So far; the highest counts."""
    END = "end"
    CALL = "call"
    """One of a run, of which a model says how likely it is."""
    ACKNOWLEDGE = "acknowledge"
    """The user has taken note of the agent's alarm: its statistic begins anew."""
    UNLATCH = "unlatch"
    """The same as older versions of the service did it: its statistic goes on."""
    RECALIBRATE = "recalibrate"
    """The agent is new, or its work is: its history, and that of its group, begins anew."""


NOTES = frozenset((What.ACKNOWLEDGE, What.UNLATCH, What.RECALIBRATE))
"""What a user says of an agent, and no run."""


@dataclass(frozen=True)
class Observation:
    """One line.

    Parameters
    ----------
    what : What
    agent, run : int or str
        Without a run of its own a whole one has the number of its line.
    score : int or None
        Binned; None at a start.
    at : int or None
        The clock, as the line has it.
    group, cut : str or None
    sequence : int or None
    increments : tuple of int, or None
        Codes, where the user asserts them.
    named : bool
        The line names its run.
    reporter : int or str or None
        Who says it.
    at_most : int or None
        The score is uncertain, as some may lie, and may be as high.
    opens : bool
        The run begins with it: no line has said its start.
    """

    what: What
    agent: AgentId
    run: AgentId
    score: int | None = None
    at: int | None = None
    group: AgentId | None = None
    cut: str | None = None
    sequence: int | None = None
    increments: tuple[int, ...] | None = None
    named: bool = False
    reporter: AgentId | None = None
    at_most: int | None = None
    opens: bool = False
