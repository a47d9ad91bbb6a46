"""OpenCode: an exported session, events of `opencode run --format json`, and parts it stores."""

from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, text, word
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["OPENCODE"]

Part = dict[str, Any]


def _parts(value: Any, depth: int = 0) -> Iterator[Part]:
    """Yield the parts of tools in a session, a message, an event, or a part alone."""
    if isinstance(value, list):
        for item in value:
            yield from _parts(item, depth)
    elif isinstance(value, dict):
        if value.get("type") == "tool" and "callID" in value and "tool" in value:
            yield value
        elif depth < 4:
            for key in ("messages", "parts", "part", "properties"):
                if isinstance(value.get(key), dict | list):
                    yield from _parts(value[key], depth + 1)


def _is_session(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("info"), dict)
        and isinstance(value.get("messages"), list)
        and all("info" in message and "parts" in message for message in dicts(value["messages"]))
    )


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            if any(True for _ in _parts(value)):
                return "parts of type tool with callID"
            if _is_session(value):
                return "info, and messages with info and parts"
    return None


def _read(source: Source) -> Reading:
    found: dict[str | None, tuple[Sequence, dict[str, Step]]] = {}
    for value in source.values():
        name = text(mapping(value.get("info")).get("id")) if _is_session(value) else None
        if name is not None:
            found.setdefault(name, (Sequence(name), {}))
        for part in _parts(value):
            session = text(part.get("sessionID")) or name
            sequence, steps = found.setdefault(session, (Sequence(session), {}))
            _note(part, sequence, steps)
    sequences = [sequence for sequence, _ in found.values()] or [Sequence(None)]
    return Reading("tool_calls", "part order", sequences, "unix ms")


def _note(part: Part, sequence: Sequence, steps: dict[str, Step]) -> None:
    """Add a call, or what a later report of its part says of it."""
    identity, name = text(part.get("callID")), text(part.get("tool"))
    if name is None:
        return
    state = mapping(part.get("state"))
    step = steps.get(identity or "")
    if step is None:
        step = Step(name, identity, None, text(mapping(state.get("time")).get("start")))
        sequence.steps.append(step)
        if identity is not None:
            steps[identity] = step
    if word(state.get("status")) in ("completed", "error"):
        step.has_result, step.error = True, state["status"] == "error"


OPENCODE = Format("opencode", "OpenCode session", _recognise, _read)
