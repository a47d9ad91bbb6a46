"""Answers of OpenAI's API as they are logged: chat completions, and the Responses API."""

from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, sequence, text
from consilience.traces.message_calls import message_steps
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence

__all__ = ["COMPLETIONS", "RESPONSES"]


def _is_completion(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    choices = dicts(value.get("choices"))
    return value.get("object") == "chat.completion" or any(
        isinstance(choice.get("message"), dict) for choice in choices
    )


def _is_response(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("output"), list) and (
        value.get("object") == "response"
        or any(str(item.get("type", "")).endswith("_call") for item in dicts(value["output"]))
    )  # fmt: skip


def _is_plain_request(value: Any) -> bool:
    """Return whether this asks the Responses API in one text: it has no calls."""
    return isinstance(value, dict) and isinstance(value.get("input"), str) and "model" in value


def _bodies(value: Any) -> list[Any]:
    """Return answers: the value, those of a list, or that of a batch's or log's line."""
    if isinstance(value, list):
        return value
    if mapping(value).get("object") == "list":
        return sequence(value.get("data"))
    outer = mapping(value).get("response")
    if isinstance(outer, dict):
        return [outer["body"] if isinstance(outer.get("body"), dict) else outer]
    return [value]


def _has_messages(value: Any) -> bool:
    """Return whether what was asked stands beside the answer."""
    request = mapping(mapping(value).get("request", value))
    return "messages" in request or "messages" in mapping(request.get("body"))


def _recognise_completion(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            if _has_messages(value):
                return None  # the answer is read after its messages
            if any(_is_completion(one) for one in _bodies(value)):
                return "choices with a message (object chat.completion)"
    return None


def _recognise_response(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            if any(_is_response(one) for one in _bodies(value)):
                return "a list of output items (object response)"
            if any(_is_plain_request(one) for one in _bodies(value)):
                return "a request with model and input"
    return None


def _read_completions(source: Source) -> Reading:
    sequences, unnumbered = [], 0
    for name, body in _named(source):
        if _is_completion(body):
            choices = dicts(body.get("choices"))
            places = [choice.get("index") for choice in choices]
            if all(isinstance(place, int) for place in places) and len(set(places)) == len(places):
                choices.sort(key=lambda choice: int(choice["index"]))
            else:
                unnumbered += len(choices) > 1
            steps = message_steps(choice.get("message") for choice in choices)
            for step in steps:
                step.time = step.time or text(body.get("created"))
            sequences.append(Sequence(name, steps=steps))
    reading = Reading("tool_calls", "choice, then list order", sequences, "unix s")
    if unnumbered:
        reading.warnings.append(
            f"{unnumbered} answers have choices without an index: as they stand"
        )
    return reading


def _named(source: Source) -> Iterator[tuple[str | None, dict[str, Any]]]:
    for number, value in source.numbered():
        for body in _bodies(value):
            if isinstance(body, dict):
                yield f"line {number}" if source.shape == "lines" else None, body


def _read_responses(source: Source) -> Reading:
    found: dict[str | None, list[dict[str, Any]]] = {}
    known: dict[str | None, set[str]] = {}
    for line, body in _named(source):
        if not _is_response(body) and not _is_plain_request(body):
            continue
        held = body.get("conversation")
        name = (text(held.get("id")) if isinstance(held, dict) else text(held)) or line
        items, seen = found.setdefault(name, []), known.setdefault(name, set())
        for item in dicts(body.get("input")) + dicts(body.get("output")):
            identity = _key(item)
            if identity not in seen:  # an earlier answer's output comes again as input
                items.append({"created_at": body.get("created_at")} | item)
            if identity is not None:
                seen.add(identity)
    sequences = [Sequence(name, steps=message_steps(items)) for name, items in found.items()]
    return Reading("tool_calls", "output order", sequences, "unix s")


def _key(item: dict[str, Any]) -> str | None:
    """Return what a call or a result is known by."""
    kind = text(item.get("type")) or ""
    identity = text(item.get("call_id")) or text(item.get("id"))
    called = kind.endswith(("_call", "_call_output"))
    return f"{kind.endswith('_output')} {identity}" if called and identity is not None else None


COMPLETIONS = Format("openai-chat", "OpenAI chat completion", _recognise_completion,
                     _read_completions)  # fmt: skip
RESPONSES = Format("openai-responses", "OpenAI Responses API", _recognise_response,
                   _read_responses)  # fmt: skip
