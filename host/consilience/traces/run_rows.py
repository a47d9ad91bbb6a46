"""Spans of observability services, each with its own names for the same fields.

LangSmith's runs, Weave's calls, spans of Datadog's LLM Observability, of Braintrust, of Opik and of
the OpenAI Agents SDK. Each is one line of a table here; the rest they share.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, parsed, text
from consilience.traces.source import Source
from consilience.traces.span import Span, nanoseconds
from consilience.traces.span_tree import reading_of
from consilience.traces.steps import Reading
from consilience.traces.table_rows import column_names, rows_of, written

__all__ = ["SERVICES"]

Row = dict[str, Any]

_TOOLS = {"tool", "function", "mcp_tool"}
_AGENTS = {"agent"}
_MODELS = {"llm", "generation", "response", "chat_model"}
_HOLDERS = ("data", "runs", "spans", "calls", "events", "rows", "results", "items", "objects")
_DEEPEST = 4
_WEAVE = re.compile(r"^weave:///.*/op/([^:]*)(?::.*)?$")


@dataclass(frozen=True, slots=True)
class _Service:
    """How one service writes a span: paths of keys, dotted, the first that is there counts."""

    name: str
    title: str
    marks: tuple[str, ...]
    trace: tuple[str, ...]
    span: tuple[str, ...]
    parent: tuple[str, ...]
    called: tuple[str, ...]
    kind: tuple[str, ...]
    start: tuple[str, ...]
    end: tuple[str, ...]
    error: tuple[str, ...]
    conversation: tuple[str, ...]
    unit: str = "ISO 8601"
    within: tuple[str, ...] = ()
    """Where runs below a run are, or the object around the fields is."""

    def of(self, row: Row, paths: tuple[str, ...]) -> Any:
        """Return what the first path that leads anywhere leads to."""
        for path in paths:
            held: Any = row
            for key in path.split("."):
                if isinstance(held, list) and key.isdecimal():
                    held = held[int(key)] if int(key) < len(held) else None
                else:
                    held = mapping(written(held)).get(key)
            if held is not None and held != "":
                return held
        return None

    def is_span(self, row: Row) -> bool:
        """Return whether an object is a span of this service."""
        return all(self.of(row, tuple(mark.split("|"))) is not None for mark in self.marks)


_LANGSMITH = _Service(
    "langsmith", "LangSmith runs", ("id", "run_type", "start_time", "name"),
    trace=("trace_id",), span=("id",), parent=("parent_run_id", "parent_run_ids.0"),
    called=("name",), kind=("run_type",), start=("start_time",), end=("end_time",),
    error=("error",),
    conversation=("extra.metadata.session_id", "extra.metadata.thread_id",
                  "extra.metadata.conversation_id", "thread_id"),
    within=("child_runs",),
)  # fmt: skip
_WEAVE_CALLS = _Service(
    "weave", "Weave calls", ("id", "op_name", "trace_id", "started_at"),
    trace=("trace_id",), span=("id",), parent=("parent_id",),
    called=("attributes.gen_ai.tool.name", "op_name"),
    kind=("attributes.weave.kind", "attributes.kind", "kind"), start=("started_at",),
    end=("ended_at",), error=("exception",), conversation=("thread_id",),
)  # fmt: skip
_DATADOG = _Service(
    "datadog", "Datadog LLM Observability spans",
    ("span_id", "trace_id", "name", "start_ns|start_ms"),
    trace=("trace_id",), span=("span_id",), parent=("parent_id",), called=("name",),
    kind=("meta.kind", "meta.span.kind", "span_kind", "kind"),
    start=("start_ns", "start_ms", "start"),
    end=("duration",), error=("meta.error.message", "meta.error.type"),
    conversation=("session_id",), unit="unix ns", within=("attributes",),
)  # fmt: skip
_BRAINTRUST = _Service(
    "braintrust", "Braintrust spans", ("span_id", "root_span_id", "span_attributes"),
    trace=("root_span_id",), span=("span_id",), parent=("span_parents.0",),
    called=("span_attributes.name",), kind=("span_attributes.type",),
    start=("metrics.start", "created"), end=("metrics.end",), error=("error",),
    conversation=("metadata.session_id", "metadata.thread_id", "metadata.conversation_id"),
    unit="unix s",
)  # fmt: skip
_OPIK = _Service(
    "opik", "Opik spans", ("id", "trace_id", "type", "start_time", "project_name|last_updated_at"),
    trace=("trace_id",), span=("id",), parent=("parent_span_id",), called=("name",), kind=("type",),
    start=("start_time",), end=("end_time",), error=("error_info",), conversation=("thread_id",),
)  # fmt: skip
_AGENTS_SDK = _Service(
    "openai-agents", "OpenAI Agents SDK spans", ("id", "trace_id", "span_data.type"),
    trace=("trace_id",), span=("id",), parent=("parent_id",), called=("span_data.name",),
    kind=("span_data.type",), start=("started_at",), end=("ended_at",), error=("error",),
    conversation=("group_id",),
)  # fmt: skip


def _spans_of(service: _Service, value: Any, outer: Row, depth: int = 0) -> Iterator[Row]:
    """Yield the rows of a service that a value holds, with what they are part of."""
    if isinstance(value, list):
        for item in value:
            yield from _spans_of(service, item, outer, depth)
    elif isinstance(value, dict):
        if service.is_span(value):
            yield outer | value
            for key in service.within:
                trace = text(value.get("trace_id")) or outer.get("trace_id") or value.get("id")
                inner = {"parent_run_id": value.get("id"), "trace_id": trace}
                yield from _spans_of(service, value.get(key), inner, depth)
        elif depth < _DEEPEST:
            session = text(value.get("session_id"))
            if session is not None:
                outer = outer | {"session_id": session}
            for key in (*_HOLDERS, *service.within):
                if isinstance(value.get(key), dict | list):
                    yield from _spans_of(service, value[key], outer, depth + 1)


def _recognise(service: _Service, source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            row = next(_spans_of(service, value, {}), None)
            if row is not None and (kind := service.of(row, service.kind)) is not None:
                return f"objects with {', '.join(service.marks)} (a {kind})"
        if service is _WEAVE_CALLS and any(any(_spans_of(service, v, {})) for v in source.head):
            return f"objects with {', '.join(service.marks)}"
        return None
    names = column_names(source)
    if all(mark in names for mark in service.marks) and service.kind[0] in names:
        return f"columns {', '.join(service.marks)}"
    return None


def _read(service: _Service, source: Source) -> Reading:
    reading = reading_of(_spans(service, source), service.unit, service.start[0])
    if service is _WEAVE_CALLS and not any(one.steps for one in reading.sequences):
        reading.warnings.append(
            "no call of kind tool: mark the functions that are tools, @weave.op(kind='tool')"
        )
    return reading


def _spans(service: _Service, source: Source) -> Iterator[Span]:
    if source.shape in ("json", "lines"):
        groups = _groups(source) if service is _AGENTS_SDK else {}
        for value in source.values():
            for row in _spans_of(service, value, {}):
                yield _span(service, row, groups)
    else:
        for _, row in rows_of(source):
            if service.is_span(row):
                yield _span(service, row, {})


def _groups(source: Source) -> dict[str, str]:
    """Return conversations by trace; the OpenAI Agents SDK writes them in lines of their own."""
    traces = (
        one
        for value in source.values()
        for one in dicts(value if isinstance(value, list) else [value])
    )
    return {
        str(one.get("id")): str(one["group_id"])
        for one in traces
        if one.get("object") == "trace" and text(one.get("group_id")) is not None
    }


def _span(service: _Service, row: Row, groups: dict[str, str]) -> Span:
    name = text(service.of(row, service.called)) or ""
    found = _WEAVE.match(name)
    name = found[1] if found else name
    start = service.of(row, service.start)
    unit = "s" if service.unit == "unix s" else "ns"
    end = service.of(row, service.end)
    span = text(service.of(row, service.span)) or ""
    trace = text(service.of(row, service.trace)) or (
        span if service.of(row, service.parent) is None else ""
    )
    conversation = text(service.of(row, service.conversation)) or groups.get(trace)
    attributes = _attributes(service, row, name)
    if conversation is not None:
        attributes["gen_ai.conversation.id"] = conversation
    return Span(
        trace=trace,
        span=span,
        parent=text(service.of(row, service.parent)) or "",
        name=name,
        start=nanoseconds(start, unit) or 0,
        time=text(start),
        ended=end is not None,
        error=service.of(row, service.error) not in (None, False, 0)
        or row.get("status") == "error",
        attributes=attributes,
    )


def _attributes(service: _Service, row: Row, name: str) -> Row:
    """Return what the kind of a span is in the standard's words."""
    kind = (text(service.of(row, service.kind)) or "").lower()
    if kind in _TOOLS:
        result = mapping(parsed(service.of(row, ("outputs.output", "outputs", "output"))))
        identity = text(service.of(row, ("metadata.tool_id", "extra.tool_call_id")))
        identity = identity or text(result.get("tool_call_id"))
        found = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
        return found | ({"gen_ai.tool.call.id": identity} if identity is not None else {})
    if kind in _AGENTS:
        return {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
    return {"gen_ai.operation.name": "chat"} if kind in _MODELS else {}


def _format(service: _Service) -> Format:
    return Format(
        service.name,
        service.title,
        lambda source: _recognise(service, source),
        lambda source: _read(service, source),
    )


SERVICES = tuple(
    _format(service)
    for service in (_LANGSMITH, _WEAVE_CALLS, _AGENTS_SDK, _BRAINTRUST, _DATADOG, _OPIK)
)
"""Their formats, in the order in which they are tried."""
