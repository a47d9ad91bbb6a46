"""Spans in a flat list, as exporters to the console, to memory and to tables write them down.

Keys are in snake or camel case, ids may begin with 0x, times are nanoseconds, pairs of seconds and
nanoseconds, or ISO 8601; Zipkin's microseconds are known by their key.
"""

from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import first_text, mapping, parsed, text
from consilience.traces.source import Source
from consilience.traces.span import Span, attributes_of, nanoseconds
from consilience.traces.span_tree import reading_of
from consilience.traces.steps import Reading

__all__ = ["SPAN_LISTS"]

_TRACES = ("trace_id", "traceId", "context.trace_id")
_SPANS = ("span_id", "spanId", "context.span_id", "id")
_PARENTS = ("parent_span_id", "parentSpanId", "parent_id", "parentId")
_STARTS = ("start_time", "startTime", "start_time_unix_nano", "startTimeUnixNano", "timestamp")
_ENDS = ("end_time", "endTime", "end_time_unix_nano", "endTimeUnixNano", "duration")
_LISTS = ("spans", "data", "traces")


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            if any(True for _ in _found(value)):
                return "objects with ids of trace and span, a start and attributes"
    return None


def _found(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield span objects: the value itself, or in lists below it."""
    if isinstance(value, list):
        for item in value:
            yield from _found(item, depth)
    elif isinstance(value, dict):
        context = mapping(value.get("context")) or mapping(value.get("spanContext"))
        ids = value | context if context else value
        if (
            any(key in ids for key in _TRACES)
            and any(key in ids for key in _SPANS)
            and any(key in value for key in _STARTS)
            and ("attributes" in value or "tags" in value or _dotted(value))
        ):
            yield ids
        elif depth < 3:
            for key in _LISTS:
                if isinstance(value.get(key), list):
                    yield from _found(value[key], depth + 1)


def _dotted(value: dict[str, Any]) -> bool:
    return any(key.startswith("attributes.") for key in value)


def _read(source: Source) -> Reading:
    spans = (_span(found) for value in source.values() for found in _found(value))
    return reading_of(spans, "unix ns", "start_time")


def _span(value: dict[str, Any]) -> Span:
    attributes = attributes_of(parsed(value.get("attributes", value.get("tags"))))
    if not attributes:
        attributes = {
            key.removeprefix("attributes."): held
            for key, held in value.items()
            if key.startswith("attributes.")
        }
    if "span_kind" in value and "openinference.span.kind" not in attributes:
        attributes = attributes | {"openinference.span.kind": value["span_kind"]}
    zipkin = "timestamp" in value and "start_time" not in value and "startTime" not in value
    start = next((value[key] for key in _STARTS if value.get(key) is not None), None)
    end = next((value[key] for key in _ENDS if value.get(key) is not None), None)
    resource = mapping(value.get("resource"))
    time = start
    if isinstance(start, list):
        time = nanoseconds(start)
    return Span(
        trace=_identity(first_text(value, _TRACES)),
        span=_identity(first_text(value, _SPANS)),
        parent=_identity(first_text(value, _PARENTS)),
        name=text(value.get("name")) or "",
        start=nanoseconds(start, "us" if zipkin else "ns") or 0,
        time=text(time),
        ended=nanoseconds(end) is not None,
        error=_failed(value, attributes),
        attributes=attributes,
        resource=attributes_of(resource.get("attributes", resource)),
    )


def _identity(found: str | None) -> str:
    return (found or "").removeprefix("0x")


def _failed(value: dict[str, Any], attributes: dict[str, Any]) -> bool:
    status = value.get("status", value.get("status_code"))
    if isinstance(status, dict):
        status = status.get("status_code", status.get("code"))
    if isinstance(status, int) and not isinstance(status, bool):
        return status == 2
    if isinstance(status, str):
        return status.rpartition(".")[2].removeprefix("STATUS_CODE_").upper() == "ERROR"
    return "error" in attributes and str(attributes["error"]).lower() != "false"


SPAN_LISTS = Format("spans", "a flat list of spans", _recognise, _read)
