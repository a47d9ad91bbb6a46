"""Calls that are told in two lines, their begin and their end: one call each."""

from collections import deque
from typing import NamedTuple

from consilience.traces.steps import Step

__all__ = ["Told", "paired"]

_Waiting = dict[str, deque[Step]]


class Told(NamedTuple):
    """What a line says of a call.

    Parameters
    ----------
    step : Step
        Its name is empty where the line is an end that names the call alone.
    begins, ends : bool
        It is the begin alone, or the end; a line may be the whole call, and is neither then.
    """

    step: Step
    begins: bool
    ends: bool


def paired(lines: list[Told]) -> list[Step]:
    """Return the calls of a run, in the order of the lines that begin them.

    An end belongs to the first begin that waits for it: by the call's id, else by the tool. One
    that no begin waits for is a call by itself, if it names its tool.
    """
    steps: list[Step] = []
    by_id: _Waiting = {}
    by_tool: _Waiting = {}
    for step, begins, ends in lines:
        begin = _begin(step, by_id, by_tool) if ends else None
        if begin is not None:
            begin.has_result, begin.error = True, step.error
            continue
        if not step.name:
            continue
        step.has_result = step.has_result or ends
        steps.append(step)
        if begins and not step.has_result:
            by_tool.setdefault(step.name, deque()).append(step)
            if step.call_id is not None:
                by_id.setdefault(step.call_id, deque()).append(step)
    return steps


def _begin(end: Step, by_id: _Waiting, by_tool: _Waiting) -> Step | None:
    """Take the begin that waits for an end; None if none does."""
    if end.call_id is not None:
        found = _first(by_id.get(end.call_id))
        if found is not None:
            return found
    found = _first(by_tool.get(end.name))
    if found is None or (end.call_id is not None and found.call_id is not None):
        return None
    return by_tool[end.name].popleft()


def _first(waiting: deque[Step] | None) -> Step | None:
    """Return the first that has no result yet; those before it were answered by other means."""
    while waiting:
        if not waiting[0].has_result:
            return waiting[0]
        waiting.popleft()
    return None
