"""Trajectories of OpenHands: actions and observations, of either generation of its events."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, sequence, text, word
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["OPENHANDS"]

Event = dict[str, Any]

_ACTIONS = {"run", "run_ipython", "read", "write", "edit", "browse", "browse_interactive", "think",
            "finish", "delegate", "call_tool_mcp", "mcp", "task_tracking"}  # fmt: skip
"""Actions that are calls of tools also where no call of the model is kept with them."""
_KINDS = {"ActionEvent", "ObservationEvent", "AgentErrorEvent", "UserRejectObservation"}


def _events(value: Any) -> list[Event] | None:
    """Return the events of a trajectory; None if the value is none."""
    if isinstance(value, dict):
        for key in ("history", "trajectory", "events"):
            found = _events(value.get(key))
            if found is not None:
                return found
        return None
    events: list[Event] = []
    for one in sequence(value):
        events += dicts(one) if isinstance(one, list) else dicts([one])  # old: pairs
    return events if any(map(_is_event, events)) else None


def _is_event(event: Event) -> bool:
    if word(event.get("kind")) in _KINDS:
        return True
    return ("action" in event and "args" in event) or (
        "observation" in event and isinstance(event.get("extras"), dict)
    )


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        if any(_events(value) is not None for value in source.head):
            return "events with action and args, or of kind ActionEvent"
        if any(_is_event(value) for value in source.head if isinstance(value, dict)):
            return "lines with action and args, or of kind ActionEvent"
    return None


def _read(source: Source) -> Reading:
    sequences, loose = [], []
    for number, value in source.numbered():
        events = _events(value)
        if events is not None:
            name = text(value.get("instance_id")) if isinstance(value, dict) else None
            if name is None and source.shape == "lines":
                name = f"line {number}"
            sequences.append(Sequence(name, steps=_steps(events)))
        elif isinstance(value, dict):
            loose.append(value)
    if loose and not sequences:
        sequences.append(Sequence(None, steps=_steps(loose)))
    return Reading("tool_calls", "event order", sequences, "ISO 8601")


def _steps(events: list[Event]) -> list[Step]:
    calls = Calls()
    by_event: dict[str, Step] = {}
    asked: str | None = None
    for event in events:
        step = _call(event)
        if step is not None:
            group = text(event.get("llm_response_id")) or text(
                mapping(mapping(event.get("tool_call_metadata")).get("model_response")).get("id")
            )
            if group is None or group != asked:
                calls.close_group()
            asked = group
            calls.add(step)
            by_event[text(event.get("id")) or ""] = step
        elif _is_result(event):
            _answer(calls, by_event, event)
    return calls.steps


def _call(event: Event) -> Step | None:
    time = text(event.get("timestamp"))
    if event.get("kind") == "ActionEvent":
        name = text(event.get("tool_name"))
        return Step(name, text(event.get("tool_call_id")), None, time) if name else None
    action = text(event.get("action"))
    if action is None or "args" not in event or event.get("source") == "user":
        return None
    held = mapping(event.get("tool_call_metadata"))
    name = text(held.get("function_name"))
    if name is None and action not in _ACTIONS:
        return None
    return Step(name or action, text(held.get("tool_call_id")), None, time)


def _is_result(event: Event) -> bool:
    return word(event.get("kind")) in _KINDS or word(event.get("observation")) not in ("", "null")


def _answer(calls: Calls, by_event: dict[str, Step], event: Event) -> None:
    """Put an observation to its action: by the call's id, or by what caused it."""
    failed = True if event.get("kind") == "AgentErrorEvent" or (
        event.get("observation") == "error") else None  # fmt: skip
    held = mapping(event.get("observation"))
    if isinstance(held.get("is_error"), bool):
        failed = bool(held["is_error"])
    metadata = mapping(event.get("tool_call_metadata"))
    identity = text(event.get("tool_call_id")) or text(metadata.get("tool_call_id"))
    if identity is not None:
        calls.answer(identity, None, failed)
        return
    cause = text(event.get("cause")) or text(event.get("action_id"))
    step = by_event.get(cause or "")
    if step is not None and not step.has_result:
        calls.settle(step, failed)
    elif cause is None and "source" not in event:
        calls.answer(None, None, failed)  # old: pairs of action and observation


OPENHANDS = Format("openhands", "OpenHands trajectory", _recognise, _read)
