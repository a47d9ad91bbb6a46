"""What a span's attributes say, by the conventions that instrumentations follow.

OpenTelemetry GenAI (old and new), MCP, OpenInference, Traceloop (OpenLLMetry), LangSmith, Langfuse,
MLflow, Laminar, AgentOps, Datadog, Logfire, Mastra, Vercel AI SDK. One question a function, so that
spans of any carrier are asked alike.
"""

import functools
import re
from typing import Any

from consilience.traces.json_values import first_text, text, word

__all__ = [
    "MARKS",
    "agent_name",
    "call_id",
    "conversation",
    "has_result",
    "names_calls",
    "role",
    "tool_name",
]

Attributes = dict[str, Any]

_KINDS = (
    "openinference.span.kind",
    "traceloop.span.kind",
    "langsmith.span.kind",
    "langfuse.observation.type",
    "mlflow.spanType",
    "gen_ai.span.kind",
    "lmnr.span.type",
    "agentops.span.kind",
    "mastra.span.type",
    "_ml_obs.meta.span.kind",
)
_ANY_KIND = frozenset(_KINDS)
MARKS = frozenset({
    *_KINDS, "gen_ai.operation.name", "gen_ai.tool.name", "gen_ai.tool.call.id", "ai.operationId",
    "operation.name", "mcp.method.name", "logfire.msg_template",
})  # fmt: skip
"""Without one of these a span is plumbing, unless its name says more."""
_TOOL_KINDS = {"tool", "tool_call", "mcp_tool_call", "agent_tool", "execute_tool"}
_AGENT_KINDS = {"agent", "agent_run", "invoke_agent"}
_OPERATIONS = {"execute_tool": "tool", "invoke_agent": "agent"}
_TEMPLATES = {"Function: {name}": "tool", "Agent run: {name!r}": "agent"}
"""Of Logfire, for the OpenAI Agents SDK."""
_MODEL_KINDS = {"llm", "generation", "chat_model", "model_generation"}
_MODEL_OPERATIONS = {"chat", "generate_content", "text_completion"}
_TOOL_NAMES = (
    "gen_ai.tool.name",
    "tool.name",
    "tool_call.function.name",
    "ai.toolCall.name",
    "traceloop.entity.name",
    "langsmith.trace.name",
    "mcp.tool.name",
)
_CALL_IDS = ("gen_ai.tool.call.id", "tool.id", "tool_call.id", "ai.toolCall.id")
_RESULTS = (
    "gen_ai.tool.call.result",
    "gcp.vertex.agent.tool_response",
    "output.value",
    "traceloop.entity.output",
    "ai.toolCall.result",
    "tool_response",
)
_AGENT_NAMES = ("gen_ai.agent.name", "traceloop.entity.name")
_AFFIXES = re.compile(
    r"^(?:execute_tool |running tool: |tools/call |tool\.|Function: |Tool: )|(?:\.tool)$"
)
_MERGED = "(merged tools)"
"""What ADK calls the span around parallel calls: each has one of its own."""

_ANSWERS = ("gen_ai.completion.", "llm.output_messages.")
_SESSIONS = ("gen_ai.conversation.id", "session.id", "langfuse.session.id", "mlflow.trace.session")
_VENDOR_SESSION = re.compile(r"(?:^|[._])(?:session|conversation|thread)[._]?id$", re.IGNORECASE)
_OTHER_SESSIONS = ("mcp.session.id", "browser.", "aws.", "db.", "http.", "network.", "thread.id")
"""Of other things: of a browser, a database, or a thread of the operating system."""


def _kind(attributes: Attributes) -> str | None:
    if _ANY_KIND.isdisjoint(attributes):
        return None
    for key in _KINDS:
        value = attributes.get(key)
        if isinstance(value, str):
            return value.strip('"').lower()
    return None


def role(attributes: Attributes, span_name: str = "") -> str | None:
    """Return what the span is: a tool's execution, an agent's run, a model's answer, or None."""
    if MARKS.isdisjoint(attributes):
        return _OPERATIONS.get(span_name.partition(" ")[0]) if " " in span_name else None
    operation = word(attributes.get("gen_ai.operation.name"))
    if operation in _MODEL_OPERATIONS and _ANY_KIND.isdisjoint(attributes):
        return "model"
    if attributes.get("gen_ai.tool.name") == _MERGED:
        return None
    if operation in _OPERATIONS:
        return _OPERATIONS[operation]
    if "ai.toolCall" in (attributes.get("ai.operationId"), attributes.get("operation.name")):
        return "tool"
    kind = _kind(attributes)
    if kind in _TOOL_KINDS:
        return "tool"
    if kind in _AGENT_KINDS:
        return "agent"
    if kind in _MODEL_KINDS or operation in _MODEL_OPERATIONS:
        return "model"
    if operation or kind not in (None, "span", "unknown", "default", "internal"):
        return None
    if "gen_ai.tool.name" in attributes or "gen_ai.tool.call.id" in attributes:
        return "tool"
    if attributes.get("mcp.method.name") == "tools/call":
        return "tool"
    template = attributes.get("logfire.msg_template")
    return _TEMPLATES.get(template) if isinstance(template, str) else None


def tool_name(attributes: Attributes, span_name: str) -> str:
    """Return the tool's name: an attribute, or else what the span's name holds."""
    found = first_text(attributes, _TOOL_NAMES)
    return found if found is not None else _AFFIXES.sub("", span_name)


def call_id(attributes: Attributes) -> str | None:
    """Return the id that the model gave to the call."""
    return first_text(attributes, _CALL_IDS)


def has_result(attributes: Attributes) -> bool:
    """Return whether the tool's answer is with the span."""
    return any(attributes.get(key) is not None for key in _RESULTS)


def agent_name(attributes: Attributes, span_name: str) -> str:
    """Return the agent's name: an attribute, or else the span's name."""
    return first_text(attributes, _AGENT_NAMES) or span_name.removeprefix("invoke_agent ")


def conversation(attributes: Attributes) -> tuple[int, str] | None:
    """Return the conversation's id with its rank: 0 is the standard's key, the last a vendor's."""
    for rank, key in enumerate(_SESSIONS):
        value = text(attributes.get(key))
        if value is not None:
            return rank, value
    named = [key for key in attributes if _names_session(key)]
    for key in sorted(named):
        value = text(attributes[key])
        if value is not None:
            return len(_SESSIONS), value
    return None


def names_calls(attributes: Attributes) -> bool:
    """Return whether the answer of a model, kept with its span, asks for tools."""
    if any(_names_call(key) for key in attributes):
        return True
    answer = attributes.get("gen_ai.output.messages")
    return answer is not None and "tool_call" in str(answer)


@functools.lru_cache(maxsize=4096)
def _names_session(key: str) -> bool:
    return bool(_VENDOR_SESSION.search(key)) and not key.startswith(_OTHER_SESSIONS)


@functools.lru_cache(maxsize=4096)
def _names_call(key: str) -> bool:
    return key.startswith(_ANSWERS) and ".tool_calls." in key
