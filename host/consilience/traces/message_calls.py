"""Tool calls in messages between a user, a model and tools, as model vendors and SDKs define them.

OpenAI's `tool_calls` and `function_call`, messages of LangChain, LlamaIndex and Cohere, ShareGPT's
turns, calls that a model wrote as text; and whatever a part of a message may be. A message may hold
several.
"""

from collections.abc import Iterable
from typing import Any

from consilience.traces.json_values import dicts, first_text, mapping, parsed, sequence, text, word
from consilience.traces.message_parts import Result, call_in, kind_of, result_in, told_error
from consilience.traces.pairing import Calls
from consilience.traces.steps import Step
from consilience.traces.written_calls import answers_written, names_written

__all__ = ["conversation_of", "is_message", "message_steps"]

_TIMES = ("timestamp", "created_at", "createdAt", "time")
_NAMES = ("name", "toolName", "tool_name")
_ROLES = {"user", "assistant", "system", "developer", "tool", "function", "model", "human", "gpt",
          "ai", "toolresult", "function_call", "observation", "chatbot", "tool_response",
          "function_response"}  # fmt: skip
_ANSWERING = {"tool", "function", "toolresult", "observation", "tool_response",
              "function_response"}  # fmt: skip
_CONTENTS = ("content", "parts", "contents", "blocks", "items", "Items")
_HOLDING = {*_CONTENTS, "tool_calls", "toolCalls", "value", "function_call", "toolInvocations",
            "tool_results", "message", "text"}  # fmt: skip
_IDS = ("conversation_id", "conversationId", "session_id", "sessionId", "thread_id", "threadId",
        "id")  # fmt: skip
_ITEMS = {"function_call", "custom_tool_call", "reasoning", "item_reference", "mcp_list_tools"}
_LANGCHAIN = {"AIMessage": "ai", "AIMessageChunk": "ai", "ToolMessage": "tool",
              "HumanMessage": "human", "SystemMessage": "system",
              "FunctionMessage": "function"}  # fmt: skip
_VENDORS = ("code_interpreter", "file_search")
"""Tools of the Assistants API that bear no name but their type."""
_TYPED = {*_LANGCHAIN, *_LANGCHAIN.values(), "ToolMessageChunk", "HumanMessageChunk"}


def is_message(value: Any) -> bool:
    """Return whether the value is a message, by its role or its type."""
    if not isinstance(value, dict):
        return False
    value = _unwrapped(value)
    if _role(value) in _ROLES:
        return not _HOLDING.isdisjoint(value)
    kind = kind_of(value)
    if kind in _TYPED:
        return "content" in value
    if kind in _ITEMS or kind.endswith(("_call", "_call_output")):
        return not {"call_id", "id", "status"}.isdisjoint(value)
    if value.get("object") == "thread.run.step":
        return True
    if "source" in value and kind.endswith(("Event", "Message")):
        return "content" in value
    if kind in ("tool_call_message", "tool_return_message"):
        return True
    parts = dicts(value.get("parts"))
    return value.get("kind") in ("request", "response") and "part_kind" in mapping(
        parts[0] if parts else None
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
            _add(calls, _unwrapped(message), orphans)
    return calls.steps


def _unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    """Return the message itself, out of what LangChain and Strands put around it."""
    held = value.get("kwargs")
    if value.get("lc") == 1 and isinstance(held, dict):
        names = sequence(value.get("id"))
        return {"type": _LANGCHAIN.get(str(names[-1]) if names else "", "")} | held
    held = value.get("data")
    if isinstance(held, dict) and "content" in held and word(value.get("type")) in _TYPED:
        return held | {"type": value["type"]}
    held = value.get("message")
    if isinstance(held, dict) and "message_id" in value and "role" in held:
        return {"created_at": value.get("created_at")} | held
    return value


def _role(message: dict[str, Any]) -> str:
    role = message.get("role", message.get("from", message.get("Role")))
    if isinstance(role, dict):
        role = role.get("Label", role.get("label"))
    if role is None and kind_of(message) in ("tool", "ToolMessage", "function", "FunctionMessage"):
        return "tool"
    return word(role).lower()


def _add(calls: Calls, message: dict[str, Any], orphans: bool) -> None:
    time = first_text(message, _TIMES)
    found = _calls_of(message, time)
    item = kind_of(message) in _ITEMS or kind_of(message).endswith("_call")
    if found:
        if not item:
            calls.close_group()
        for step in found:
            calls.add(step)
    for identity, name, error in _results_of(message):
        answered = calls.answer(identity, name, error)
        if answered is None and orphans and name is not None and not calls.knows(identity):
            calls.add(Step(name, identity, error, time, has_result=True))
    if not found and not item:
        calls.close_group()


def _calls_of(message: dict[str, Any], time: str | None) -> list[Step]:
    listed = dicts(message.get("tool_calls")) or dicts(message.get("toolCalls"))
    listed = listed or dicts(mapping(message.get("step_details")).get("tool_calls"))
    if not listed:
        listed = dicts(mapping(message.get("additional_kwargs")).get("tool_calls"))
    found = [step for call in listed for step in _listed_call(call, time)]
    if found:
        return found
    old = message.get("function_call")
    if isinstance(old, dict) and text(old.get("name")) is not None:
        return [Step(str(old["name"]), None, None, time)]
    if message.get("from") == "function_call":
        return _written_call(message.get("value"), time)
    called = [call_in(message, time, top=True)]
    called += [call_in(block, time, top=False) for block in _blocks(message)]
    found = [step for step in called if step is not None]
    if not found:
        found = [Step(name, None, None, time) for name in names_written(_role(message), message)]
    return found


def _listed_call(call: dict[str, Any], time: str | None) -> list[Step]:
    function = call.get("function")
    named = function if isinstance(function, dict) else call
    name = text(function) if isinstance(function, str) else first_text(named, _NAMES)
    identity = first_text(call, ("id", "tool_call_id", "call_id"))
    if name is None and call.get("type") in _VENDORS:
        name = str(call["type"])
    ended = isinstance(named.get("output"), str) and isinstance(function, dict)
    return [Step(name, identity, None, time, ended)] if name is not None else []


def _written_call(value: Any, time: str | None) -> list[Step]:
    called = parsed(value)
    listed = called if isinstance(called, list) else [called]
    names = [text(mapping(call).get("name")) for call in listed]
    return [Step(name, None, None, time) for name in names if name is not None]


def _results_of(message: dict[str, Any]) -> list[Result]:
    role = _role(message)
    parts = [result_in(message, top=bool(role))]
    parts += [result_in(block, top=False) for block in _blocks(message)]
    found = [result for result in parts if result is not None]
    for one in dicts(message.get("tool_responses")):
        found.append((text(one.get("tool_call_id")), None, told_error(one)))
    for one in dicts(message.get("tool_results")):
        found.append((None, text(mapping(one.get("call")).get("name")), None))
    if found:
        return found
    if role not in _ANSWERING:
        return [(None, name, None) for name in answers_written(role, message)]
    beside = mapping(message.get("additional_kwargs"))
    name = first_text(message, (*_NAMES, "function")) or text(beside.get("name"))
    many = sequence(message.get("tool_call_ids"))
    if many:
        return [(text(one), name, told_error(message)) for one in many]
    identity = first_text(message, ("tool_call_id", "toolCallId", "id"))
    identity = text(beside.get("tool_call_id")) or identity
    return [(identity, name, told_error(message))]


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for key in _CONTENTS:
        blocks += dicts(message.get(key))
    if not any(kind_of(block) == "tool-invocation" for block in blocks):
        blocks += dicts(message.get("toolInvocations"))
    return blocks
