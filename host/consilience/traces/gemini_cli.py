"""Gemini CLI: a recorded chat, and the events of `--output-format stream-json`."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, text, word
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["GEMINI_CLI"]

_ENDED = {"success": False, "error": True, "cancelled": None}
_EVENTS = ("tool_use", "tool_result")


def _is_chat(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("messages"), list)
        and "sessionId" in value
        and any(one.get("type") in ("gemini", "user") for one in dicts(value["messages"]))
    )


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if value.get("type") in _EVENTS:
        return "tool_id" in value
    # Newer chats are lines: a header, messages, and updates of these.
    return value.get("type") == "gemini" and ("toolCalls" in value or "content" in value)


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        if any(map(_is_chat, source.head)):
            return "sessionId and messages of types user and gemini"
        if any(map(_is_event, source.head)):
            return "events tool_use and tool_result with tool_id, or messages of type gemini"
    return None


def _read(source: Source) -> Reading:
    sequences = []
    stream, calls = Sequence(None), Calls()
    events = False
    for value in source.values():
        if _is_chat(value):
            sequences.append(_chat(text(value["sessionId"]), dicts(value["messages"])))
        elif isinstance(value, dict):
            events = True
            name = text(value.get("session_id")) or text(value.get("sessionId"))
            stream.conversation = stream.conversation or name
            _note(calls, value)
    stream.steps = calls.steps
    if events:
        sequences.append(stream)
    return Reading("tool_calls", "message order", sequences, "ISO 8601 UTC")


def _chat(name: str | None, messages: list[dict[str, Any]]) -> Sequence:
    calls = Calls()
    for message in messages:
        _add(calls, message)
    return Sequence(name, steps=calls.steps)


def _add(calls: Calls, message: dict[str, Any]) -> None:
    calls.close_group()
    for call in dicts(message.get("toolCalls")):
        name, identity = text(call.get("name")), text(call.get("id"))
        if name is None or calls.knows(identity):
            continue
        status = word(call.get("status"))
        time = text(call.get("timestamp")) or text(message.get("timestamp"))
        ended = status in _ENDED and (status != "cancelled" or bool(call.get("result")))
        calls.add(Step(name, identity, _ENDED.get(status), time, ended))


def _note(calls: Calls, event: dict[str, Any]) -> None:
    if event.get("type") == "tool_use":
        name, identity = text(event.get("tool_name")), text(event.get("tool_id"))
        if name is not None and not calls.knows(identity):
            calls.add(Step(name, identity, None, text(event.get("timestamp"))))
    elif event.get("type") == "tool_result":
        calls.answer(text(event.get("tool_id")), None, _ENDED.get(word(event.get("status"))))
    else:
        _add(calls, event)


GEMINI_CLI = Format("gemini-cli", "Gemini CLI session", _recognise, _read)
