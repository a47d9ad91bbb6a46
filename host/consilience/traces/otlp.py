"""OTLP as JSON: one document, JSON lines of a collector, or `batches` as Tempo gives them."""

from collections.abc import Iterator
from typing import Any

from consilience.errors import BadInput
from consilience.traces.format import Format
from consilience.traces.json_values import dicts, text
from consilience.traces.source import Source
from consilience.traces.span import Span, attributes_of, nanoseconds
from consilience.traces.span_tree import reading_of
from consilience.traces.steps import Reading

__all__ = ["OTLP"]

_TOPS = ("resourceSpans", "resource_spans", "batches")
_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "spans")
_OTHERS = {"resourceMetrics": "metrics", "resourceLogs": "logs"}
_ERRORS = (2, "2", "STATUS_CODE_ERROR", "ERROR", "Error")


def _recognise(source: Source) -> str | None:
    if source.shape not in ("json", "lines"):
        return None
    for value in source.head:
        for document in value if isinstance(value, list) else [value]:
            found = _top(document)
            if found is not None:
                return f"the key {found}"
            if isinstance(document, dict) and not _OTHERS.keys().isdisjoint(document):
                return "a key of OTLP metrics or logs"
    return None


def _top(document: Any) -> str | None:
    if isinstance(document, dict):
        for key in _TOPS:
            if isinstance(document.get(key), list):
                return key
        if isinstance(document.get("trace"), dict):  # as Tempo's second API wraps it
            return _top(document["trace"])
    return None


def _read(source: Source) -> Reading:
    reading = reading_of(_spans(source), "unix ns", "startTimeUnixNano")
    if not reading.extra["spans"]:
        other = next((_OTHERS[k] for d in source.head for k in _OTHERS if k in d), None)
        if other is not None:
            raise BadInput(f"{source.path}: OTLP {other}, no spans; export traces, too")
    return reading


def _spans(source: Source) -> Iterator[Span]:
    for value in source.values():
        for document in value if isinstance(value, list) else [value]:
            found = _top(document)
            if found is None:
                continue
            holder = document if found in document else document["trace"]
            for batch in dicts(holder[found]):
                yield from _batch(batch)


def _batch(batch: dict[str, Any]) -> Iterator[Span]:
    resource = batch.get("resource")
    of_resource = attributes_of(resource.get("attributes")) if isinstance(resource, dict) else {}
    for key in _SCOPES:
        for scope in dicts(batch.get(key)):
            spans = [scope] if key == "spans" else dicts(scope.get("spans"))
            for span in spans:
                yield _span(span, of_resource)


def _span(span: dict[str, Any], resource: dict[str, Any]) -> Span:
    start = span.get("startTimeUnixNano") or span.get("start_time_unix_nano")
    end = span.get("endTimeUnixNano") or span.get("end_time_unix_nano")
    status = span.get("status")
    code = status.get("code") if isinstance(status, dict) else None
    return Span(
        trace=text(span.get("traceId") or span.get("trace_id")) or "",
        span=text(span.get("spanId") or span.get("span_id")) or "",
        parent=text(span.get("parentSpanId") or span.get("parent_span_id")) or "",
        name=text(span.get("name")) or "",
        start=nanoseconds(start) or 0,
        time=text(start),
        ended=nanoseconds(end) is not None,
        error=code in _ERRORS,
        attributes=attributes_of(span.get("attributes")),
        resource=resource,
    )


OTLP = Format("otlp", "OTLP JSON (OpenTelemetry)", _recognise, _read)
