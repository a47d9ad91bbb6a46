"""Jaeger's JSON, as its API and its page export traces, and as it keeps spans in Elasticsearch."""

from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, text, word
from consilience.traces.source import Source
from consilience.traces.span import Span, attributes_of, nanoseconds
from consilience.traces.span_tree import reading_of
from consilience.traces.steps import Reading

__all__ = ["JAEGER"]


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            if any(True for _ in _traces(value)):
                return "traces with traceID, spans and processes"
            if any(True for _ in _documents(value)):
                return "spans with traceID, spanID and operationName"
    return None


def _traces(value: Any) -> Iterator[dict[str, Any]]:
    candidates = [value]
    if isinstance(value, dict):
        candidates += dicts(value.get("data"))
        candidates += dicts([value.get("data")])
    elif isinstance(value, list):
        candidates = value
    for one in candidates:
        if isinstance(one, dict) and isinstance(one.get("spans"), list):
            spans = dicts(one["spans"])
            if "processes" in one or any("operationName" in span for span in spans[:1]):
                yield one


def _documents(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield spans that stand alone, each with its process, as Elasticsearch keeps them."""
    if isinstance(value, list):
        for item in value:
            yield from _documents(item, depth)
    elif isinstance(value, dict):
        if {"traceID", "spanID", "operationName"} <= value.keys():
            yield value
        elif depth < 3:
            for key in ("_source", "hits"):
                yield from _documents(value.get(key), depth + 1)


def _read(source: Source) -> Reading:
    spans = (span for value in source.values() for span in _spans(value))
    return reading_of(spans, "unix us", "startTime")


def _spans(value: Any) -> Iterator[Span]:
    for trace in _traces(value):
        processes = {
            name: attributes_of(mapping(process).get("tags"))
            for name, process in mapping(trace.get("processes")).items()
        }
        for span in dicts(trace["spans"]):
            resource = processes.get(word(span.get("processID")))
            yield _span(span, _of_process(span) if resource is None else resource)
    for span in _documents(value):
        yield _span(span, _of_process(span))


def _of_process(span: dict[str, Any]) -> dict[str, Any]:
    process = mapping(span.get("process"))
    return attributes_of(process.get("tags")) or mapping(process.get("tag"))


def _span(span: dict[str, Any], resource: dict[str, Any]) -> Span:
    # Elasticsearch has no dots in names: Jaeger writes @ for them.
    tags = {key.replace("@", "."): held for key, held in mapping(span.get("tag")).items()}
    tags |= attributes_of(span.get("tags"))
    parent = text(span.get("parentSpanID")) or ""
    references = dicts(span.get("references"))
    for kind in ("FOLLOWS_FROM", "CHILD_OF"):
        for reference in references:
            same = reference.get("traceID", span.get("traceID")) == span.get("traceID")
            if reference.get("refType") == kind and same:
                parent = text(reference.get("spanID")) or ""
    start = span.get("startTime")
    failed = str(tags.get("otel.status_code", "")).upper() == "ERROR"
    return Span(
        trace=text(span.get("traceID")) or "",
        span=text(span.get("spanID")) or "",
        parent=parent,
        name=text(span.get("operationName")) or "",
        start=nanoseconds(start, "us") or 0,
        time=text(start),
        ended="duration" in span,
        error=failed or str(tags.get("error", "")).lower() == "true",
        attributes=tags,
        resource=resource,
    )


JAEGER = Format("jaeger", "Jaeger JSON", _recognise, _read)
