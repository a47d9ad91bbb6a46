"""Events of Anthropic's managed agents, alone or in recorded calls of its API."""

from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import first_text, text, word
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["MANAGED_AGENT"]

_USES = {"agent.tool_use", "agent.mcp_tool_use", "agent.custom_tool_use"}
_RESULTS = {"agent.tool_result", "agent.mcp_tool_result", "user.custom_tool_result"}
_IDS = ("tool_use_id", "mcp_tool_use_id", "custom_tool_use_id")
_FAMILIES = ("agent.", "user.", "session.", "span.")


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            for event in _objects(value):
                kind = word(event.get("type"))
                if kind in _USES | _RESULTS or (
                    kind.startswith(_FAMILIES) and "processed_at" in event
                ):
                    return "events of types agent., user., session. with processed_at"
    return None


def _objects(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the objects of recorded calls: payloads, and the events in their lists."""
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, depth)
    elif isinstance(value, dict):
        yield value
        if depth < 3:
            for key in ("events", "data"):
                yield from _objects(value.get(key), depth + 1)


def _session(value: Any) -> str | None:
    """Return the session that a line names: of an object of type session, or beside events."""
    if isinstance(value, dict):
        if value.get("type") == "session":
            return text(value.get("id"))
        return text(value.get("session_id"))
    if isinstance(value, list):
        for item in value:
            if isinstance(item, list) and item and isinstance(item[0], str):
                return item[0]
            found = _session(item) if isinstance(item, dict) else None
            if found is not None:
                return found
    return None


def _read(source: Source) -> Reading:
    found: dict[str | None, tuple[Sequence, Calls]] = {}
    session: str | None = None
    for value in source.values():
        session = _session(value) or session
        sequence, calls = found.setdefault(session, (Sequence(session), Calls()))
        sequence.steps = calls.steps
        for event in _objects(value):
            _add(calls, event)
    if len(found) > 1 and None in found and not found[None][0].steps:
        del found[None]
    sequences = [sequence for sequence, _ in found.values()]
    return Reading("tool_calls", "stream order", sequences, "ISO 8601 (processed_at)")


def _add(calls: Calls, event: dict[str, Any]) -> None:
    kind, identity = word(event.get("type")), text(event.get("id"))
    if kind in _USES:
        name = text(event.get("name"))
        if name is not None and not calls.knows(identity):
            step = Step(name, identity, None, text(event.get("processed_at")))
            step.extra["permission"] = event.get("evaluated_permission")
            calls.add(step)
    elif kind in _RESULTS:
        # The user's side sends a result, and the stream repeats it: the flag of either counts.
        wanted, failed = first_text(event, _IDS), event.get("is_error") is True
        for step in calls.steps:
            if step.call_id == wanted and step.has_result:
                step.error = step.error or failed
                return
        calls.answer(wanted, None, failed)


MANAGED_AGENT = Format("anthropic-managed", "Anthropic managed agent events", _recognise, _read)
