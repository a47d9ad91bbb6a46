"""Streams of answers as they were received: OpenAI's chunks and events, Anthropic's events."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, text, word
from consilience.traces.message_calls import message_steps
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence

__all__ = ["EVENT_STREAM"]

Event = dict[str, Any]
Slots = dict[tuple[str | None, str | None, str | None], Event]
"""Calls by their answer, choice and place in it."""

_ANTHROPIC = {"message_start", "content_block_start", "content_block_delta", "message_delta"}


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    kind = word(value.get("type"))
    return (
        value.get("object") == "chat.completion.chunk"
        or (kind.startswith("response.") and ("sequence_number" in value or "response" in value))
        or kind in _ANTHROPIC
    )


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(map(_is_event, source.head)):
        return "events of a streamed answer"
    return None


def _read(source: Source) -> Reading:
    found: dict[str | None, list[Any]] = {}
    name: str | None = None
    slots: Slots = {}
    for value in source.values():
        if not _is_event(value):
            continue
        if value.get("object") == "chat.completion.chunk":
            name = text(value.get("id")) or name
            _chunk(value, found.setdefault(name, []), slots)
        else:
            response = mapping(value.get("response", value.get("message")))
            name = text(response.get("id")) or name
            _event(value, found.setdefault(name, []))
    single = len(found) == 1
    sequences = [
        Sequence(None if single else key, steps=message_steps(messages))
        for key, messages in found.items()
    ]
    return Reading("tool_calls", "event order", sequences, "unix s")


def _chunk(value: Event, messages: list[Any], slots: Slots) -> None:
    """Put the pieces of calls together: the first names the tool, later ones its arguments."""
    for choice in dicts(value.get("choices")):
        for piece in dicts(mapping(choice.get("delta")).get("tool_calls")):
            key = (text(value.get("id")), text(choice.get("index")), text(piece.get("index")))
            function = mapping(piece.get("function"))
            slot = slots.get(key)
            name = text(function.get("name"))
            if slot is None and name is not None:
                call: Event = {"id": piece.get("id"), "function": {"name": name}}
                slots[key] = call
                messages.append({"role": "assistant", "tool_calls": [call],
                                 "created_at": value.get("created")})  # fmt: skip
            elif slot is not None and slot["id"] is None:
                slot["id"] = piece.get("id")


def _event(value: Event, messages: list[Any]) -> None:
    kind = word(value.get("type"))
    if kind == "response.output_item.done" and isinstance(value.get("item"), dict):
        messages.append(value["item"])
    elif kind == "content_block_start" and isinstance(value.get("content_block"), dict):
        messages.append({"role": "assistant", "content": [value["content_block"]]})
    elif kind == "response.completed" and not messages:
        messages += dicts(mapping(value.get("response")).get("output"))


EVENT_STREAM = Format("event-stream", "streamed answers of a model", _recognise, _read)
