"""Sessions and evaluation sets of Google's ADK: events whose content is parts of Gemini's API."""

from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, first_text, mapping, text
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["ADK"]

_EVENTS = ("events", "session_events", "sessionEvents")
"""As a session has them, and as Vertex AI's service lists them."""


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            if any(True for _ in _sessions(value)):
                return "events with author and content"
            if isinstance(value, dict) and "eval_cases" in _snake(value):
                return "the key eval_cases"
    return None


def _snake(value: dict[str, Any]) -> dict[str, Any]:
    """Return the object with its first keys in snake case: ADK writes either."""
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in key): held
        for key, held in value.items()
    }


def _sessions(value: Any) -> Iterator[dict[str, Any]]:
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict):
            continue
        for key in _EVENTS:
            events = dicts(one.get(key))
            if any("author" in event and "content" in event for event in events):
                yield one | {"events": events}


def _read(source: Source) -> Reading:
    sequences = []
    for value in source.values():
        for session in _sessions(value):
            name = first_text(session, ("id", "session_id", "sessionId"))
            calls = Calls()
            for event in dicts(session["events"]):
                _add(calls, _snake(event))
            sequences.append(Sequence(name, steps=calls.steps))
        if isinstance(value, dict):
            for case in dicts(_snake(value).get("eval_cases")):
                sequences.append(_case(_snake(case)))
    return Reading("tool_calls", "event order", sequences, "unix s (float)")


def _add(calls: Calls, event: dict[str, Any]) -> None:
    calls.close_group()
    for part in map(_snake, dicts(mapping(event.get("content")).get("parts"))):
        call, answer = mapping(part.get("function_call")), mapping(part.get("function_response"))
        name = text(call.get("name"))
        if name is not None:
            time, agent = text(event.get("timestamp")), text(event.get("author"))
            calls.add(Step(name, text(call.get("id")), None, time, agent=agent))
        if answer:
            calls.answer(text(answer.get("id")), text(answer.get("name")), None)


def _case(case: dict[str, Any]) -> Sequence:
    """Return the calls of an evaluation case; what a case says of results is not what came."""
    steps = []
    for turn in map(_snake, dicts(case.get("conversation"))):
        data = _snake(mapping(turn.get("intermediate_data")))
        for event in dicts(data.get("invocation_events")):
            parts = dicts(mapping(event.get("content")).get("parts"))
            for call in (mapping(_snake(part).get("function_call")) for part in parts):
                name = text(call.get("name"))
                if name is not None:
                    time, agent = text(turn.get("creation_timestamp")), text(event.get("author"))
                    steps.append(Step(name, text(call.get("id")), None, time, agent=agent))
        answered = {text(one.get("id")) for one in dicts(data.get("tool_responses"))} - {None}
        for call in dicts(data.get("tool_uses")):
            name, identity = text(call.get("name")), text(call.get("id"))
            if name is not None:
                time = text(turn.get("creation_timestamp"))
                steps.append(Step(name, identity, None, time, identity in answered))
    return Sequence(first_text(case, ("eval_id",)), steps=steps)


ADK = Format("adk", "Google ADK session", _recognise, _read)
