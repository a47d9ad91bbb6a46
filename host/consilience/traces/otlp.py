"""OTLP as JSON: one document, JSON lines of a collector, or `batches` as Tempo gives them."""

from collections.abc import Iterable, Iterator
from typing import Any

from consilience.errors import BadInput
from consilience.traces.format import Format
from consilience.traces.json_values import dicts, text
from consilience.traces.otlp_logs import is_logs, reading_of_logs
from consilience.traces.source import Source
from consilience.traces.span import Span, attributes_of, nanoseconds
from consilience.traces.span_tree import reading_of
from consilience.traces.steps import Reading

__all__ = ["OTLP", "spans_of_json"]

_TOPS = ("resourceSpans", "resource_spans", "batches")
_WRAPPERS = ("trace", "result", "data", "body", "request", "payload", "traces")
_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans",
           "instrumentation_library_spans", "spans")  # fmt: skip
_METRICS = ("resourceMetrics", "resource_metrics")
_ERRORS = (2, "2", "STATUS_CODE_ERROR", "ERROR", "Error")


def _recognise(source: Source) -> str | None:
    if source.shape not in ("json", "lines"):
        return None
    for value in source.head:
        for _, key in _holders(value):
            return f"the key {key}"
        for document in value if isinstance(value, list) else [value]:
            if is_logs(document):
                return "the key resourceLogs"
            if isinstance(document, dict) and any(key in document for key in _METRICS):
                return "a key of OTLP metrics"
    return None


def _holders(value: Any, depth: int = 0) -> Iterator[tuple[list[Any], str]]:
    """Yield lists of resources with spans: of the value, in a list, or as APIs wrap it."""
    if isinstance(value, list):
        for item in value:
            yield from _holders(item, depth)
    elif isinstance(value, dict):
        for key in _TOPS:
            if isinstance(value.get(key), list):
                yield value[key], key
                return
        for key in _WRAPPERS if depth < 2 else ():
            if isinstance(value.get(key), dict | list):
                yield from _holders(value[key], depth + 1)


def _read(source: Source) -> Reading:
    reading = reading_of(_spans(source), "unix ns", "startTimeUnixNano")
    if reading.extra["spans"]:
        return reading
    if any(map(is_logs, _documents(source.head))):
        return reading_of_logs(_documents(source.values()))
    if any(key in document for document in _documents(source.head) for key in _METRICS):
        raise BadInput(f"{source.path}: OTLP metrics, no spans; export traces, too")
    return reading


def _documents(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        yield from dicts(value if isinstance(value, list) else [value])


def _spans(source: Source) -> Iterator[Span]:
    for value in source.values():
        yield from spans_of_json(value)


def spans_of_json(value: Any) -> Iterator[Span]:
    """Yield the spans of an export request, or of what holds several."""
    for resources, _ in _holders(value):
        for batch in dicts(resources):
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
    get = span.get
    start = get("startTimeUnixNano") or get("start_time_unix_nano")
    end = get("endTimeUnixNano") or get("end_time_unix_nano")
    status = get("status")
    code = status.get("code") if isinstance(status, dict) else None
    return Span(  # by place: by name it takes a third longer, a million times over
        text(get("traceId") or get("trace_id")) or "",
        text(get("spanId") or get("span_id")) or "",
        text(get("parentSpanId") or get("parent_span_id")) or "",
        text(get("name")) or "",
        nanoseconds(start) or 0,
        text(start),
        nanoseconds(end) is not None,
        code is not None and code in _ERRORS,
        attributes_of(get("attributes")),
        resource,
    )


OTLP = Format("otlp", "OTLP JSON (OpenTelemetry)", _recognise, _read)
