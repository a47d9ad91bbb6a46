"""Codex: the rollout of a session, of either generation, and the events of `codex exec --json`."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, first_text, mapping, text, word
from consilience.traces.message_calls import message_steps
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["CODEX", "CODEX_EVENTS"]

_LINES = {"session_meta", "response_item", "turn_context", "event_msg", "compacted"}
_CALLS = {"command_execution", "mcp_tool_call", "file_change", "web_search", "collab_tool_call"}
_ENDED = {"completed": False, "failed": True, "declined": True}


def _recognise(source: Source) -> str | None:
    if source.shape not in ("json", "lines"):
        return None
    for value in source.head:
        if _is_document(value):
            return "a session and its items"
        for line in _lines(value):
            if word(line.get("type")) in _LINES and isinstance(line.get("payload"), dict):
                return "lines of types session_meta and response_item with a payload"
            if line.get("record_type") == "state":
                return "lines with record_type state"
    return None


def _is_document(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("items"), list) and isinstance(value.get("session"), dict)


def _lines(value: Any) -> list[dict[str, Any]]:
    if _is_document(value):
        return [mapping(value["session"]), *dicts(value["items"])]  # the oldest: one document
    return dicts(value if isinstance(value, list) else [value])


def _read(source: Source) -> Reading:
    name, items = None, []
    known: set[str] = set()
    for value in source.values():
        for line in _lines(value):
            kind, payload = word(line.get("type")), mapping(line.get("payload"))
            if kind == "session_meta" or (not kind and "record_type" not in line):
                held = payload if kind else line
                name = name or first_text(held, ("id", "session_id"))
                continue
            item = {"timestamp": line.get("timestamp")} | payload if kind in _LINES else line
            if kind in _LINES - {"response_item"}:
                continue
            key = f"{item.get('type')} {item.get('call_id')}"
            if "call_id" in item and key in known:
                continue  # a session that was taken up again begins with what was before
            known.add(key)
            items.append(item)
    steps = message_steps(items)
    return Reading("tool_calls", "line order", [Sequence(name, steps=steps)], "ISO 8601 UTC")


def _recognise_events(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            for event in dicts(value if isinstance(value, list) else [value]):
                kind = word(event.get("type"))
                if kind == "thread.started" and "thread_id" in event:
                    return "events thread.started and item.completed"
                if kind.startswith("item.") and word(mapping(event.get("item")).get("type")):
                    return "events item.started and item.completed with an item"
    return None


def _read_events(source: Source) -> Reading:
    found: dict[str | None, tuple[Sequence, dict[str, Step]]] = {}
    thread: str | None = None
    for value in source.values():
        for event in dicts(value if isinstance(value, list) else [value]):
            thread = text(event.get("thread_id")) or thread
            if thread not in found:
                found[thread] = (Sequence(thread), {})
            _note(event, *found[thread])
    if len(found) > 1 and None in found and not found[None][0].steps:
        del found[None]
    sequences = [sequence for sequence, _ in found.values()]
    return Reading("tool_calls", "order of item.started", sequences)


def _note(event: dict[str, Any], sequence: Sequence, steps: dict[str, Step]) -> None:
    item = mapping(event.get("item"))
    kind, identity = word(item.get("type")), text(item.get("id"))
    if kind not in _CALLS or identity is None:
        return
    if identity not in steps:
        name = text(item.get("tool")) if "tool" in kind else kind
        steps[identity] = Step(name or kind, identity)
        sequence.steps.append(steps[identity])
    status = word(item.get("status"))
    if event.get("type") == "item.completed" or status in _ENDED:
        step = steps[identity]
        step.has_result = True
        step.error = _ENDED.get(status, step.error)


CODEX = Format("codex", "Codex session", _recognise, _read)
CODEX_EVENTS = Format("codex-events", "events of codex exec", _recognise_events, _read_events)
