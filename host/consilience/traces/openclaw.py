"""OpenClaw: events of its telemetry, and its sessions of messages, both JSON lines."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, first_text, mapping, text
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["OPENCLAW", "OPENCLAW_SESSIONS"]

_TIMES = ("timestamp", "ts", "time")


def _recognise(source: Source) -> str | None:
    for value in source.head if source.shape == "lines" else []:
        if _is_event(value):
            return "events with type and sessionKey"
    return None


def _is_event(value: Any) -> bool:
    named = isinstance(value, dict) and "sessionKey" in value and "traceSchema" not in value
    return named and _kind(value) is not None


def _kind(value: dict[str, Any]) -> str | None:
    kind = value.get("type")
    return kind if isinstance(kind, str) and "." in kind else None


def _read(source: Source) -> Reading:
    found: dict[str, tuple[Sequence, Calls]] = {}
    for event in source.values():
        kind = _kind(event) if isinstance(event, dict) else None
        if kind not in ("tool.start", "tool.end"):
            continue
        session, tool = text(event.get("sessionKey")), text(event.get("toolName"))
        if session is None or tool is None:
            continue
        if session not in found:
            found[session] = (Sequence(session, text(event.get("agentId"))), Calls())
        sequence, calls = found[session]
        sequence.steps = calls.steps
        identity = first_text(event, ("toolCallId", "callId"))
        if kind == "tool.start":
            calls.add(Step(tool, identity, None, first_text(event, _TIMES)))
        else:
            success = event.get("success")
            failed = not success if isinstance(success, bool) else None
            calls.answer(identity, tool, failed)
    sequences = [sequence for sequence, _ in found.values()]
    return Reading("tool_calls", "line order", sequences, "unix ms where present")


def _recognise_session(source: Source) -> str | None:
    for value in source.head if source.shape == "lines" else []:
        if isinstance(value, dict) and value.get("type") == "message":
            message = mapping(value.get("message"))
            blocks = dicts(message.get("content"))
            if message.get("role") == "toolResult" or any(
                block.get("type") == "toolCall" for block in blocks
            ):
                return "lines of type message with blocks of type toolCall"
    return None


def _read_session(source: Source) -> Reading:
    sequence, calls = Sequence(None), Calls()
    for line in source.values():
        if not isinstance(line, dict):
            continue
        if line.get("type") == "session":
            sequence.conversation = sequence.conversation or text(line.get("id"))
        message = mapping(line.get("message"))
        if message.get("role") == "toolResult":
            failed = message.get("isError")
            error = failed if isinstance(failed, bool) else None
            calls.answer(text(message.get("toolCallId")), text(message.get("toolName")), error)
        else:
            calls.close_group()
        for block in dicts(message.get("content")):
            name = text(block.get("name"))
            if block.get("type") == "toolCall" and name is not None:
                calls.add(Step(name, text(block.get("id")), None, text(line.get("timestamp"))))
    sequence.steps = calls.steps
    return Reading("tool_calls", "line order", [sequence], "ISO 8601 UTC")


OPENCLAW = Format("openclaw", "OpenClaw telemetry", _recognise, _read)
OPENCLAW_SESSIONS = Format("openclaw-session", "OpenClaw session", _recognise_session,
                           _read_session)  # fmt: skip
