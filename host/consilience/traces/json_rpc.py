"""Messages of the Model Context Protocol (JSON-RPC), as proxies and inspectors log them."""

from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import first_text, mapping, text
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["MCP"]

_CALL = "tools/call"
_TIMES = ("timestamp", "time", "ts")
_SESSIONS = ("session_id", "sessionId", "session", "mcp-session-id")
_INNER = ("message", "msg", "payload", "data", "request", "response", "body")

Found = tuple[dict[str, Any], dict[str, Any]]


def _messages(value: Any, outer: dict[str, Any], depth: int = 0) -> Iterator[Found]:
    """Yield JSON-RPC messages with what a log has written around them."""
    if isinstance(value, list):
        for item in value:
            yield from _messages(item, outer, depth)
    elif isinstance(value, dict):
        if value.get("jsonrpc") == "2.0":
            yield value, outer
        elif depth < 2:
            for key in _INNER:
                if isinstance(value.get(key), dict | list):
                    yield from _messages(value[key], outer | value, depth + 1)


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            for message, _ in _messages(value, {}):
                method = text(message.get("method")) or ""
                if method == "initialize" or method.startswith(("tools/", "notifications/")):
                    return f"JSON-RPC 2.0 with method {method}"
    return None


def _read(source: Source) -> Reading:
    found: dict[str | None, tuple[Sequence, dict[str, list[Step]]]] = {}
    for value in source.values():
        for message, outer in _messages(value, {}):
            session = first_text(outer, _SESSIONS)
            sequence, waiting = found.setdefault(session, (Sequence(session), {}))
            identity = text(message.get("id"))
            if message.get("method") == _CALL:
                name = text(mapping(message.get("params")).get("name"))
                if name is not None:
                    step = Step(name, identity, None, first_text(outer, _TIMES))
                    sequence.steps.append(step)
                    waiting.setdefault(identity or "", []).append(step)
            elif "method" not in message and waiting.get(identity or ""):
                step = waiting[identity or ""].pop(0)
                failed = mapping(message.get("result")).get("isError")
                step.has_result = True
                step.error = "error" in message or failed is True
    sequences = [sequence for sequence, _ in found.values()]
    return Reading("tool_calls", "line order", sequences)


MCP = Format("mcp", "MCP messages (JSON-RPC)", _recognise, _read)
