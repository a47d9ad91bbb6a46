"""What one part of a message is: a call of a tool, a result, or neither, whoever defined it.

OpenAI's items, Anthropic's blocks, Gemini's and Bedrock's parts, those of the GenAI conventions, of
the Vercel SDK (three generations), Pydantic AI, AutoGen, Haystack, LlamaIndex, Microsoft's
frameworks, Letta and Goose.
"""

from typing import Any

from consilience.traces.json_values import first_text, mapping, text, word
from consilience.traces.steps import Step

__all__ = ["Result", "call_in", "kind_of", "result_in", "told_error"]

Block = dict[str, Any]
Result = tuple[str | None, str | None, bool | None]
"""Id, name and error of a result."""

_KINDS = ("type", "$type", "part_kind", "block_type", "message_type")
_CALLS = {
    "tool_use", "server_tool_use", "mcp_tool_use", "tool_call", "tool-call", "toolCall",
    "function_call", "functionCall", "FunctionCallContent", "custom_tool_call", "mcp_call",
    "builtin-tool-call",
}  # fmt: skip
_RESULTS = {
    "tool_result", "mcp_tool_result", "tool_call_response", "tool-result", "toolResult",
    "tool-error", "tool_response", "function_result", "functionResult", "FunctionResultContent",
    "function_response", "tool-return", "builtin-tool-return", "retry-prompt",
    "tool_return_message",
}  # fmt: skip
_NAMES = ("name", "toolName", "tool_name", "FunctionName", "functionName")
_CALL_IDS = ("call_id", "toolCallId", "tool_call_id", "callId", "id", "Id")
_RESULT_IDS = ("tool_use_id", "tool_call_id", "call_id", "toolCallId", "callId", "CallId", "id")
_PART_IDS = ("id", "toolUseId", "tool_call_id")
_HELD_CALLS = ("functionCall", "function_call", "toolUse", "tool_call")
_HELD_RESULTS = ("functionResponse", "function_response", "toolResult", "tool_call_result")
_FAILED_OUTPUTS = ("error-text", "error-json", "execution-denied")


def kind_of(block: Block) -> str:
    """Return what a part says it is; empty if it does not."""
    for key in _KINDS:
        value = block.get(key)
        if isinstance(value, str):
            return value
    return ""


def call_in(block: Block, time: str | None, *, top: bool) -> Step | None:
    """Return the call that a part is, or holds; a message itself (`top`) holds none."""
    kind = kind_of(block)
    if kind in _CALLS:
        name = first_text(block, _NAMES)
        if name is not None:
            step = Step(name, first_text(block, _CALL_IDS), None, time)
            if kind == "mcp_call" and (block.get("output") or block.get("error")):
                step.error, step.has_result = bool(block.get("error")), True
            return step
    if kind.endswith("_call") and kind not in _CALLS:
        return _vendors_own(block, kind, time)
    if kind == "tool-invocation":
        return _invocation(mapping(block.get("toolInvocation")), time)
    if "toolCallId" in block and (kind == "dynamic-tool" or kind.startswith("tool-")):
        return _stated(block, kind, time)
    if "toolName" in block and "state" in block:
        return _invocation(block, time)
    if kind == "toolRequest":
        asked = mapping(mapping(block.get("toolCall")).get("value"))
        name = text(asked.get("name"))
        return Step(name, text(block.get("id")), None, time) if name is not None else None
    if kind == "" and "arguments" in block and "id" in block and isinstance(block.get("name"), str):
        return Step(block["name"], text(block["id"]), None, time)
    if not top or kind == "tool_call_message":
        for key in _HELD_CALLS:
            part = mapping(block.get(key))
            name = first_text(part, _NAMES)
            if name is not None:
                return Step(name, first_text(part, _PART_IDS), None, time)
    return None


def _vendors_own(block: Block, kind: str, time: str | None) -> Step | None:
    """Return a call of a tool of the model's vendor, which names it by its type."""
    identity = first_text(block, _CALL_IDS)
    if identity is None:
        return None
    name = first_text(block, _NAMES) or kind.removesuffix("_call")
    ended = block.get("status") == "completed" and "call_id" not in block
    return Step(name, identity, None, time, has_result=ended)  # the result stays with the vendor


def _invocation(held: Block, time: str | None) -> Step | None:
    name = text(held.get("toolName"))
    if name is None:
        return None
    return Step(name, text(held.get("toolCallId")), None, time, held.get("state") == "result")


def _stated(block: Block, kind: str, time: str | None) -> Step | None:
    """Return the Vercel SDK's call that also has the state of its result."""
    if kind in _RESULTS:
        return None
    name = text(block.get("toolName")) or kind.removeprefix("tool-")
    state = word(block.get("state"))
    step = Step(name, text(block["toolCallId"]), None, time)
    if state in ("output-available", "output-error"):
        step.has_result, step.error = True, state == "output-error"
    return step


def result_in(block: Block, *, top: bool) -> Result | None:
    """Return the result that a part is, or holds; a message with a role (`top`) is none itself."""
    kind = kind_of(block)
    if kind == "toolResponse":
        return text(block.get("id")), None, told_error(mapping(block.get("toolResult")))
    if not top and _is_result(block, kind):
        flag = told_error(block)
        if flag is None and kind.endswith("tool_result"):
            flag = kind_of(mapping(block.get("content"))).endswith("_error")
        if kind in ("retry-prompt", "tool-error"):
            flag = True
        return first_text(block, _RESULT_IDS), first_text(block, _NAMES), flag
    for key in _HELD_RESULTS:
        part = block.get(key)
        if isinstance(part, dict):
            origin = mapping(part.get("origin")) or part
            name = first_text(origin, _NAMES)
            return first_text(origin, _PART_IDS), name, told_error(part)
    return None


def _is_result(block: Block, kind: str) -> bool:
    if kind == "retry-prompt":
        return "tool_name" in block
    if kind in _RESULTS or kind.endswith(("_call_output", "_tool_result")):
        return True
    return kind == "" and "call_id" in block and "content" in block


def told_error(value: Block) -> bool | None:
    """Return the flag of a result; None where there is none."""
    for key in ("is_error", "isError", "error"):
        if isinstance(value.get(key), bool):
            return bool(value[key])
    if value.get("status") in ("error", "success"):
        return bool(value["status"] == "error")
    if value.get("exception") is not None:
        return True
    output = value.get("output")
    if isinstance(output, dict) and output.get("type") in _FAILED_OUTPUTS:
        return True
    return None
