"""Trajectories of OpenClaw: events of a session's runtime and transcript, JSON lines."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, first_text, mapping, text
from consilience.traces.message_calls import message_steps
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["OPENCLAW_TRAJECTORIES"]

_SCHEMA = "openclaw-trajectory"
_SNAPSHOT = "messagesSnapshot"

Event = dict[str, Any]


def _events(value: Any) -> list[Event]:
    found = dicts(value if isinstance(value, list) else [value])
    return [event for event in found if event.get("traceSchema") == _SCHEMA]


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(_events(value) for value in source.head):
        return f"traceSchema {_SCHEMA}"
    return None


def _read(source: Source) -> Reading:
    sessions: dict[str | None, list[Event]] = {}
    for value in source.values():
        for event in _events(value):
            sessions.setdefault(text(event.get("sessionId")), []).append(_slim(event))
    sequences = [Sequence(name, steps=_steps(events)) for name, events in sessions.items()]
    return Reading("tool_calls", "seq", sequences, "ISO 8601 UTC")


def _slim(event: Event) -> Event:
    """Return the event without texts, unless it is one that calls are read from."""
    data = mapping(event.get("data"))
    needed = event.get("type") in ("tool.call", "tool.result") or _SNAPSHOT in data
    return event if needed else {key: event.get(key) for key in ("seq", "type")}


def _steps(events: list[Event]) -> list[Step]:
    if all(isinstance(event.get("seq"), int) for event in events):
        events.sort(key=lambda event: int(event["seq"]))
    calls = Calls()
    for event in events:
        data = mapping(event.get("data"))
        if event.get("type") == "tool.call":
            _add(calls, data, text(event.get("ts")))
        elif event.get("type") == "tool.result":
            message = mapping(data.get("message")) or data
            failed = message.get("isError")
            error = failed if isinstance(failed, bool) else None
            calls.answer(text(message.get("toolCallId")), text(message.get("toolName")), error)
        elif event.get("type") == "assistant.message":
            calls.close_group()
    if calls.steps:
        return calls.steps
    # Without the transcript: the runtime repeats all messages; the last time has them all.
    snapshots = [mapping(event.get("data")).get(_SNAPSHOT) for event in events]
    return message_steps(next((dicts(one) for one in reversed(snapshots) if one), []))


def _add(calls: Calls, data: Event, time: str | None) -> None:
    name, identity = first_text(data, ("name", "toolName")), text(data.get("toolCallId"))
    if name is not None and not calls.knows(identity):
        calls.add(Step(name, identity, None, time))


OPENCLAW_TRAJECTORIES = Format("openclaw-trajectory", "OpenClaw trajectory", _recognise, _read)
