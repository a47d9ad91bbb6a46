"""Conversations as lists of messages: a document, or one conversation a line."""

from collections.abc import Iterator
from typing import Any

from consilience.field_names import AGENTS, RUNS, first_of
from consilience.traces.call_fields import NAME, TOOLS
from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, text
from consilience.traces.message_calls import conversation_of, is_message, message_steps
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence

__all__ = ["MESSAGES"]

_LISTS = ("messages", "conversations", "conversation", "contents", "input", "items", "data",
          "chat_history", "history", "transcript")  # fmt: skip
_HOLDERS = (
    "request",
    "body",
    "values",
    "state",
    "llm_context",
    "model_context",
    "params",
    "session",
)
"""What may lie around the holder of a list."""
_SAID = {"role", "content", "arguments", "input", "action", "output", "code", "queries"}
"""What a message or a call of a model has, and an event of a log has not."""


def _recognise(source: Source) -> str | None:
    if source.shape not in ("json", "lines"):
        return None
    for value in source.head:
        if _messages(value) is not None or _holds_many(value):
            return "lists of messages with roles"
    if _a_line_each(source):
        return "messages with roles, one a line"
    return None


def _a_line_each(source: Source) -> bool:
    messages = sum(is_message(one) and not _is_event(one) for one in source.head)
    return 2 * messages > len(source.head)


def _is_event(value: dict[str, Any]) -> bool:
    """Return whether a line is an event of a log that happens to have a message's type."""
    known = (*TOOLS, NAME), (*RUNS, *AGENTS)
    return _SAID.isdisjoint(value) and all(first_of(names, value) for names in known)


def _messages(value: Any) -> list[Any] | None:
    """Return the messages that a value holds; None if it holds none."""
    if _is_conversation(value):
        return list(value)
    if isinstance(value, dict):
        for key in _LISTS:
            if _is_conversation(value.get(key)):
                return list(value[key]) + _answer(value)
        for key in _HOLDERS:
            found = _messages(value[key]) if isinstance(value.get(key), dict) else None
            if found is not None:
                return found + _answer(mapping(value.get("response")))
        result = mapping(value.get("result")).get("message")  # a line of a batch's results
        if is_message(result):
            return [result]
    return None


def _is_conversation(value: Any) -> bool:
    """Return whether most of a list are messages, and the first is: a few may be damaged."""
    if not isinstance(value, list) or not value:
        return False
    first = next((one for one in value if isinstance(one, dict)), None)
    return is_message(first) and 2 * sum(map(is_message, value)) > len(value)


def _answer(value: dict[str, Any]) -> list[Any]:
    """Return what the model answered, where a log keeps it beside the messages."""
    body = value.get("body")
    if isinstance(body, dict):
        return _answer(body)
    if value.get("role") == "assistant" and "content" in value:
        return [value]
    choices = dicts(value.get("choices"))
    return [choice["message"] for choice in choices if is_message(choice.get("message"))]


def _read(source: Source) -> Reading:
    sequences = _by_conversation(source) if _a_line_each(source) else list(_each(source))
    return Reading("tool_calls", "message order", sequences)


def _by_conversation(source: Source) -> list[Sequence]:
    """Return the conversations of a file with a message a line."""
    found: dict[str | None, list[Any]] = {}
    for value in source.values():
        if isinstance(value, dict):
            keys = {key: held for key, held in value.items() if key != "id"}
            found.setdefault(conversation_of(keys), []).append(value)
    return [Sequence(name, steps=message_steps(messages)) for name, messages in found.items()]


def _each(source: Source) -> Iterator[Sequence]:
    for number, value in source.numbered():
        many = value if _holds_many(value) else [value]
        for place, one in enumerate(many, 1):
            messages = _messages(one)
            if messages is None:
                continue
            name = conversation_of(one) if isinstance(one, dict) else None
            if name is None and source.shape == "lines":
                name = f"line {number}"
            elif name is None and len(many) > 1:
                name = f"item {place}"
            agent = text(one.get("agent")) if isinstance(one, dict) else None
            yield Sequence(name, agent, message_steps(messages))


def _holds_many(value: Any) -> bool:
    return isinstance(value, list) and any(_messages(one) is not None for one in value)


MESSAGES = Format("messages", "messages of a chat", _recognise, _read)
