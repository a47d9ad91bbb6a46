"""Sessions of Claude Code: JSON lines of users, assistants and tools; sub-agents aside.

As it keeps them, and as its SDK and `--output-format stream-json` give them.
"""

from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, first_text, text
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["CLAUDE_CODE"]

_MARKS = {"uuid", "parent_tool_use_id"}


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in _lines(source.head):
            if _session(value) and "message" in value and not _MARKS.isdisjoint(value):
                return "lines with sessionId, uuid and message"
            if value.get("subtype") == "init" and "session_id" in value and "tools" in value:
                return "a line of type system that begins a session"
    return None


def _session(value: dict[str, Any]) -> str | None:
    return first_text(value, ("sessionId", "session_id"))


def _agent(line: dict[str, Any]) -> str:
    """Return whose line it is: main, or what is known of a sub-agent."""
    asked = text(line.get("parent_tool_use_id"))  # the call that started the sub-agent
    if asked is not None:
        return asked
    return (text(line.get("agentId")) or "sidechain") if line.get("isSidechain") is True else "main"


def _lines(values: Any) -> Iterator[dict[str, Any]]:
    for value in values:
        yield from dicts(value) if isinstance(value, list) else dicts([value])


def _read(source: Source) -> Reading:
    found: dict[tuple[str, str], tuple[Sequence, Calls]] = {}
    unclear = 0
    for line in _lines(source.values()):
        session, message = _session(line), line.get("message")
        if session is None or line.get("type") not in ("user", "assistant"):
            continue
        if not isinstance(message, dict):
            continue
        run = session, _agent(line)
        unclear += not isinstance(line.get("isSidechain", False), bool)
        if run not in found:
            sequence = Sequence(session, "main" if run[1] == "main" else "sidechain")
            if run[1] not in ("main", "sidechain"):
                sequence.extra["agent_id"] = run[1]
            found[run] = sequence, Calls()
        sequence, calls = found[run]
        sequence.steps = calls.steps
        _add(calls, dicts(message.get("content")), text(line.get("timestamp")))
    sequences = [sequence for sequence, _ in found.values()]
    reading = Reading("tool_calls", "line order (= timestamp)", sequences, "ISO 8601 UTC")
    if unclear:
        reading.warnings.append(
            f"{unclear} lines have an isSidechain that is neither true nor false: taken for main"
        )
    return reading


def _add(calls: Calls, blocks: list[dict[str, Any]], time: str | None) -> None:
    for block in blocks:
        if block.get("type") in ("tool_use", "server_tool_use", "mcp_tool_use"):
            name, identity = text(block.get("name")), text(block.get("id"))
            # A session that was taken up again begins with the lines of the one before.
            if name is not None and not calls.knows(identity):
                calls.add(Step(name, identity, None, time))
        elif "tool_use_id" in block:
            calls.answer(text(block["tool_use_id"]), None, block.get("is_error") is True)


CLAUDE_CODE = Format("claude-code", "Claude Code session", _recognise, _read)
