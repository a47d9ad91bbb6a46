"""Logs of OTLP: events that say that a tool was called, as coding agents send them.

Claude Code, Gemini CLI, Qwen Code and Codex send an event when a tool has ended; instrumentations
of models by the older GenAI conventions send what a model asked for (`gen_ai.choice`) and what
tools answered (`gen_ai.tool.message`).
"""

from collections.abc import Iterator
from typing import Any

from consilience.traces import conventions
from consilience.traces.json_values import dicts, first_text, mapping, text
from consilience.traces.span import attributes_of, nanoseconds
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["is_logs", "reading_of_logs"]

Record = dict[str, Any]

_TOPS = ("resourceLogs", "resource_logs")
_SCOPES = ("scopeLogs", "scope_logs", "instrumentationLibraryLogs")
_RECORDS = ("logRecords", "log_records", "logs")
_ENDED = {"tool_result", "tool_call"}
_NAMES = ("tool_name", "function_name", "gen_ai.tool.name", "name")
_IDS = ("call_id", "tool_use_id", "gen_ai.tool.call.id", "tool_call_id")
_TIMES = ("timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "observed_time_unix_nano")


def is_logs(document: Any) -> bool:
    """Return whether a document holds logs."""
    return isinstance(document, dict) and any(isinstance(document.get(k), list) for k in _TOPS)


def reading_of_logs(documents: Iterator[Any]) -> Reading:
    """Return the calls that events of tools tell of, in order of their times.

    Parameters
    ----------
    documents : iterator
        Of OTLP, each of any signal.
    """
    ordered: dict[str, tuple[int, Record, dict[str, Any], dict[str, Any]]] = {}
    for document in documents:
        for record, resource in _records(document):
            start = nanoseconds(next((record[k] for k in _TIMES if record.get(k)), None)) or 0
            attributes = attributes_of(record.get("attributes"))
            ordered.setdefault(f"{start} {record}", (start, record, attributes, resource))
    found: dict[str | None, tuple[Sequence, dict[str, Step]]] = {}
    for _, record, attributes, resource in sorted(ordered.values(), key=lambda one: one[0]):
        event = _event(record, attributes)
        named = conventions.conversation(attributes) or conventions.conversation(resource)
        name = named[1] if named is not None else None
        if event in _ENDED or event.startswith("gen_ai."):
            sequence, steps = found.setdefault(name, (Sequence(name), {}))
            _note(event, record, attributes, sequence, steps)
    sequences = [sequence for sequence, _ in found.values()] or [Sequence(None)]
    reading = Reading("tool_calls", "timeUnixNano", sequences, "unix ns")
    if not any(sequence.steps for sequence in sequences):
        reading.warnings.append("OTLP logs without events of tools; export traces, too")
    return reading


def _records(document: Any) -> Iterator[tuple[Record, dict[str, Any]]]:
    for top in _TOPS:
        for batch in dicts(mapping(document).get(top)):
            resource = attributes_of(mapping(batch.get("resource")).get("attributes"))
            for key in _SCOPES:
                for scope in dicts(batch.get(key)):
                    for name in _RECORDS:
                        for record in dicts(scope.get(name)):
                            yield record, resource


def _event(record: Record, attributes: dict[str, Any]) -> str:
    """Return the event's name: the standard's whole, a vendor's without its prefix."""
    body = attributes_of({"body": record.get("body")}).get("body")
    name = text(record.get("eventName")) or text(attributes.get("event.name")) or text(body) or ""
    return name if name.startswith("gen_ai.") else name.rpartition(".")[2]


def _note(
    event: str,
    record: Record,
    attributes: dict[str, Any],
    sequence: Sequence,
    steps: dict[str, Step],
) -> None:
    time = text(next((record[k] for k in _TIMES if record.get(k)), None))
    if event in _ENDED:
        name = first_text(attributes, _NAMES)
        if name is not None:
            error = _failed(attributes)
            step = Step(name, first_text(attributes, _IDS), error, time, has_result=True)
            sequence.steps.append(step)
        return
    body = mapping(attributes_of({"body": record.get("body")}).get("body"))
    if event == "gen_ai.choice":
        message = mapping(body.get("message"))
        for call in dicts(message.get("tool_calls")) or dicts(body.get("tool_calls")):
            name, identity = text(mapping(call.get("function")).get("name")), text(call.get("id"))
            if name is not None:
                step = Step(name, identity, None, time)
                sequence.steps.append(step)
                steps.setdefault(identity or "", step)
    elif event == "gen_ai.tool.message":
        answered = steps.get(text(body.get("id")) or "-")
        if answered is not None:
            answered.has_result = True


def _failed(attributes: dict[str, Any]) -> bool | None:
    told = str(attributes.get("success", "")).lower()
    return {"true": False, "false": True}.get(told)
