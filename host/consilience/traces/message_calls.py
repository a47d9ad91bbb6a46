"""Tool calls in messages between a user, a model and tools, as the model vendors define them.

OpenAI's `tool_calls` and `function_call`, Anthropic's blocks, Gemini's parts, items of OpenAI's
Responses, blocks of Bedrock's Converse, parts of the GenAI conventions and of the Vercel SDK,
LangChain's messages, ShareGPT's turns. A message may hold several.
"""

from collections.abc import Iterable
from typing import Any

from consilience.traces.json_values import dicts, first_text, mapping, parsed, sequence, text, word
from consilience.traces.pairing import Calls
from consilience.traces.steps import Step

__all__ = ["conversation_of", "is_message", "message_steps"]

_TIMES = ("timestamp", "created_at", "createdAt", "time")
_CALL_BLOCKS = {"tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "tool-call",
                "toolCall", "function_call", "custom_tool_call", "mcp_call"}  # fmt: skip
_RESULT_BLOCKS = {"tool_result", "mcp_tool_result", "tool_call_response", "tool-result",
                  "toolResult", "function_call_output", "custom_tool_call_output",
                  "web_search_tool_result", "code_execution_tool_result"}  # fmt: skip
_NAMES = ("name", "toolName", "tool_name")
_CALL_IDS = ("call_id", "toolCallId", "tool_call_id", "id")
_RESULT_IDS = ("tool_use_id", "tool_call_id", "call_id", "toolCallId", "id")
_PART_IDS = ("id", "toolUseId")
_FLAGGED = {"tool_result", "mcp_tool_result"}
_ROLES = {"user", "assistant", "system", "developer", "tool", "function", "model", "human", "gpt",
          "ai", "toolResult", "function_call", "observation"}  # fmt: skip
_IDS = ("conversation_id", "conversationId", "session_id", "sessionId", "thread_id", "threadId",
        "id")  # fmt: skip


def is_message(value: Any) -> bool:
    """Return whether the value is a message, by its role or its type."""
    if not isinstance(value, dict):
        return False
    role = value.get("role", value.get("from"))
    if isinstance(role, str) and role in _ROLES:
        return not {"content", "parts", "tool_calls", "value", "function_call"}.isdisjoint(value)
    kind = value.get("type")
    return isinstance(kind, str) and (
        (kind in ("ai", "tool", "human") and "content" in value)
        or (kind in ("function_call", "function_call_output") and "call_id" in value)
    )


def conversation_of(holder: dict[str, Any]) -> str | None:
    """Return the conversation's id beside a list of messages."""
    return first_text(holder, _IDS)


def message_steps(messages: Iterable[Any], *, orphans: bool = True) -> list[Step]:
    """Return the tool calls of one conversation, with their results.

    Parameters
    ----------
    messages : iterable
        In order.
    orphans : bool
        Count results, too, whose call is not there but whose tool is named.
    """
    calls = Calls()
    for message in messages:
        if isinstance(message, dict):
            _add(calls, message, orphans)
    return calls.steps


def _add(calls: Calls, message: dict[str, Any], orphans: bool) -> None:
    time = first_text(message, _TIMES)
    found = _calls_of(message, time)
    if found:
        calls.close_group()
        for step in found:
            calls.add(step)
    for identity, name, error in _results_of(message):
        answered = calls.answer(identity, name, error)
        if answered is None and orphans and name is not None and not calls.knows(identity):
            calls.add(Step(name, identity, error, time, has_result=True))
    if not found and word(message.get("type")) not in _CALL_BLOCKS:
        calls.close_group()


def _calls_of(message: dict[str, Any], time: str | None) -> list[Step]:
    found = []
    listed = dicts(message.get("tool_calls"))
    if not listed:
        listed = dicts(mapping(message.get("additional_kwargs")).get("tool_calls"))
    for call in listed:
        function = call.get("function")
        named = function if isinstance(function, dict) else call
        name = text(function) if isinstance(function, str) else first_text(named, _NAMES)
        if name is not None:
            found.append(
                Step(name, first_text(call, ("id", "tool_call_id", "call_id")), None, time)
            )
    if found:
        return found
    old = message.get("function_call")
    if isinstance(old, dict) and text(old.get("name")) is not None:
        return [Step(str(old["name"]), None, None, time)]
    if message.get("from") == "function_call":
        return _written_call(message.get("value"), time)
    for block in [message, *_blocks(message)]:
        if word(block.get("type")) in _CALL_BLOCKS:
            name = first_text(block, _NAMES)
            if name is not None:
                found.append(Step(name, first_text(block, _CALL_IDS), None, time))
        for key in ("functionCall", "function_call", "toolUse"):
            part = block.get(key)
            if block is not message and isinstance(part, dict) and text(part.get("name")):
                found.append(Step(str(part["name"]), first_text(part, _PART_IDS), None, time))
    return found


def _written_call(value: Any, time: str | None) -> list[Step]:
    called = parsed(value)
    listed = called if isinstance(called, list) else [called]
    names = [text(mapping(call).get("name")) for call in listed]
    return [Step(name, None, None, time) for name in names if name is not None]


def _results_of(message: dict[str, Any]) -> list[tuple[str | None, str | None, bool | None]]:
    """Return id, name and error of each result in the message."""
    found = []
    role = message.get("role", message.get("from"))
    for block in [message, *_blocks(message)]:
        if word(block.get("type")) in _RESULT_BLOCKS and not (block is message and role):
            flagged = word(block.get("type")) in _FLAGGED
            found.append((first_text(block, _RESULT_IDS), first_text(block, _NAMES),
                          _error(block, flagged=flagged)))  # fmt: skip
        for key in ("functionResponse", "function_response", "toolResult"):
            part = block.get(key)
            if isinstance(part, dict):
                error = _error(part, flagged=False)
                found.append((first_text(part, _PART_IDS), text(part.get("name")), error))
    if found:
        return found
    if role in ("tool", "function", "toolResult", "observation") or (
        role is None and message.get("type") == "tool"
    ):
        name = first_text(message, ("name", "toolName", "tool_name", "function"))
        error = _error(message, flagged=False)
        many = sequence(message.get("tool_call_ids"))
        if many:
            return [(text(one), name, error) for one in many]
        return [(first_text(message, ("tool_call_id", "toolCallId", "id")), name, error)]
    return []


def _error(value: dict[str, Any], *, flagged: bool) -> bool | None:
    """Return the flag of a result; without one False if the format would have set it."""
    for key in ("is_error", "isError"):
        if isinstance(value.get(key), bool):
            return bool(value[key])
    if isinstance(value.get("error"), bool):
        return bool(value["error"])
    if value.get("status") in ("error", "success"):
        return bool(value["status"] == "error")
    return False if flagged else None


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    return dicts(message.get("content")) + dicts(message.get("parts"))
