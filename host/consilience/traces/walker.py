"""Files of no known format: conversations and calls wherever they lie in them."""

import json
from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import first_text, parsed
from consilience.traces.message_calls import is_message, message_steps
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["ANY_JSON"]

_NAMES = ("tool", "tool_name", "toolName", "function_name", "functionName", "function", "name")
_ARGUMENTS = ("arguments", "args", "input", "parameters", "params", "tool_input", "toolInput",
              "kwargs", "tool_args", "action_input")  # fmt: skip
_RESULTS = ("result", "output", "observation", "response", "tool_output", "tool_result")
_CALL_IDS = ("call_id", "tool_call_id", "toolCallId", "id")
_TIMES = ("timestamp", "time", "created_at", "start_time", "startTime")
_RUNS = ("conversation_id", "conversationId", "session_id", "sessionId", "thread_id", "threadId",
         "run_id", "runId", "trace_id", "traceId")  # fmt: skip
_DEFINITIONS = {"tools", "functions", "tool_definitions", "toolDefinitions", "available_tools",
                "function_declarations", "tool_schemas", "tools_info", "expected_tool_use",
                "expected_tools", "expected_tool_calls", "reference_tool_calls", "ground_truth",
                "reference_actions"}  # fmt: skip
"""What tools there are, and what ought to be called: neither was called."""
_DEEPEST = 40

Found = tuple[str | None, Any]


def _recognise(source: Source) -> str | None:
    if source.shape not in ("json", "lines"):
        return None
    if any(True for value in source.head for _ in _conversations(value, None)):
        return "messages with roles, somewhere in it"
    if any(True for value in source.head for _ in _calls(value, None)):
        return "objects with a name and arguments, somewhere in it"
    return None


def _read(source: Source) -> Reading:
    found: dict[str | None, Sequence] = {}
    for number, value in source.numbered():
        other = f"line {number}" if source.shape == "lines" else None
        conversations = _longest(list(_conversations(value, None)))
        for place, (run, messages) in enumerate(conversations, 1):
            name = run or other
            if name in found or (name is None and len(conversations) > 1):
                name = f"{name or 'conversation'} {place}"
            found[name] = Sequence(name, steps=message_steps(messages))
        if not conversations:
            for run, step in _calls(value, None):
                found.setdefault(run or other, Sequence(run or other)).steps.append(step)
    warning = "no known format: what looks like messages or calls was taken for such"
    return Reading("tool_calls", "file order", list(found.values()), warnings=[warning])


def _conversations(value: Any, run: str | None, depth: int = 0) -> Iterator[Found]:
    """Yield lists of messages, each with the nearest name of a run."""
    value = parsed(value)
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        if any(map(is_message, value)) and all(is_message(one) for one in value):
            yield run, value
            return
        for item in value:
            yield from _conversations(item, run, depth + 1)
    elif isinstance(value, dict):
        run = first_text(value, _RUNS) or run
        for key, held in value.items():
            if key not in _DEFINITIONS:
                yield from _conversations(held, run, depth + 1)


def _longest(found: list[Found]) -> list[Found]:
    """Leave out conversations that another one continues: logs repeat them from turn to turn."""
    digests = [_digests(messages) for _, messages in found]
    continued = {digest for one in digests for digest in one[:-1]}
    kept = {one[-1]: pair for one, pair in zip(digests, found, strict=True)}
    return [pair for digest, pair in kept.items() if digest not in continued]


def _digests(messages: list[Any]) -> list[int]:
    """Return a digest of each beginning of a conversation."""
    digests, digest = [], 0
    for message in messages:
        digest = hash((digest, json.dumps(message, sort_keys=True)))
        digests.append(digest)
    return digests


def _calls(value: Any, run: str | None, depth: int = 0) -> Iterator[tuple[str | None, Step]]:
    """Yield objects that have a name and arguments, as calls."""
    value = parsed(value)
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _calls(item, run, depth + 1)
    elif isinstance(value, dict):
        run = first_text(value, _RUNS) or run
        name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)
        if name and any(isinstance(value.get(key), dict | str | list) for key in _ARGUMENTS):
            yield run, _step(name, value)
            return
        for key, held in value.items():
            if key not in _DEFINITIONS:
                yield from _calls(held, run, depth + 1)


def _step(name: str, call: dict[str, Any]) -> Step:
    has_result = any(call.get(key) is not None for key in _RESULTS)
    error = None
    for key in ("is_error", "isError", "error"):
        if key in call:
            error = bool(call[key])
    if isinstance(call.get("success"), bool):
        error = not call["success"]
    if not has_result and not error:
        error = None
    time, identity = first_text(call, _TIMES), first_text(call, _CALL_IDS)
    return Step(name, identity, error, time, has_result or error is True)


ANY_JSON = Format("any", "JSON of no known format", _recognise, _read)
