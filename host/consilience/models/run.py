"""A run: what one agent did in one conversation."""

from collections.abc import Iterable
from dataclasses import dataclass

from consilience.traces.steps import Step

__all__ = ["Run", "start_of"]


@dataclass(frozen=True, slots=True)
class Run:
    """What one agent did in one conversation, from its start to its end.

    Parameters
    ----------
    agent, name : str
    steps : tuple of Step
        In order; none is a run too: the agent called nothing.
    start : int or None
        Nanoseconds since 1970 of its earliest step with a time; only to order by.
    file : str
        Where it was read.
    """

    agent: str
    name: str
    steps: tuple[Step, ...]
    start: int | None = None
    file: str = ""


def start_of(times: Iterable[int | None]) -> int | None:
    """Return the earliest of times; None if there is none."""
    return min((one for one in times if one is not None), default=None)
