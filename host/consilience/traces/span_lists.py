"""Spans in a flat list, as exporters to the console, to memory and to tables write them down.

Whatever the case of the keys, snake, camel or capital: OpenTelemetry's SDKs (Python, JavaScript,
Go), Phoenix, MLflow, Logfire, Honeycomb, ClickHouse, Zipkin. JSON, CSV, Parquet, and the JSON of a
data frame's columns. Ids may begin with 0x; times are nanoseconds, pairs of seconds and
nanoseconds, or ISO 8601; Zipkin's microseconds are known by their key.
"""

import functools
from collections.abc import Iterator
from typing import Any

from consilience.traces.conventions import MARKS
from consilience.traces.format import Format
from consilience.traces.json_values import first_text, mapping, parsed, text, word
from consilience.traces.source import Source
from consilience.traces.span import Span, attributes_of, nanoseconds
from consilience.traces.span_tree import reading_of
from consilience.traces.steps import Reading
from consilience.traces.table_rows import column_names, rows_of, written

__all__ = ["SPAN_LISTS"]

_TRACES = ("traceid", "contexttraceid", "tracetraceid")
_SPANS = ("spanid", "contextspanid", "tracespanid", "id")
_PARENTS = ("parentspanid", "parentid", "traceparentid")
_STARTS = ("starttime", "starttimeunixnano", "starttimestamp", "timestamp", "start")
_ENDS = ("endtime", "endtimeunixnano", "endtimestamp", "duration", "durationms", "durationnano")
_NAMES = ("name", "spanname", "operationname")
_ATTRIBUTES = ("attributes", "tags", "spanattributes")
_CONTEXTS = ("context", "spancontext")
_ROLES = {"TOOL", "AGENT", "LLM", "CHAIN"}
_LISTS = ("spans", "data", "traces", "rows", "result")
_COLUMN = "attributes."

Row = dict[str, Any]
Found = tuple[Row, Row]
"""A span as it is written, and the attributes of what it is part of."""


def _recognise(source: Source) -> str | None:
    why = "objects with ids of trace and span, a start and attributes"
    if source.shape in ("json", "lines"):
        return why if any(True for value in source.head for _ in _found(value, {})) else None
    names = {_plain(name) for name in column_names(source)}
    if all(names.intersection(keys) for keys in (_TRACES, _SPANS, _STARTS)):
        return "columns with ids of trace and span, and a start"
    return None


@functools.lru_cache(maxsize=4096)
def _plain(key: str) -> str:
    """Return a key without its case and its separators."""
    return key.replace("_", "").replace(".", "").lower()


def _found(value: Any, outer: Row, depth: int = 0) -> Iterator[Found]:
    """Yield spans: the value itself, or in lists below it."""
    if isinstance(value, list):
        for item in value:
            yield from _found(item, outer, depth)
    elif isinstance(value, dict):
        row = {_plain(key): held for key, held in value.items() if isinstance(key, str)}
        for key in _CONTEXTS:
            context = row.get(key)
            if isinstance(context, dict):
                row |= {_plain(name): held for name, held in context.items()}
        if _is_span(row, value):
            if any(isinstance(row.get(key), dict) for key in _SPANS):
                yield from ((one, outer) for one in _from_columns(value))
            else:
                yield row | {"": value}, outer
        elif depth < 3:
            info = mapping(value.get("info"))
            outer = outer | mapping(info.get("trace_metadata")) | mapping(info.get("tags"))
            for key in _LISTS:
                if isinstance(value.get(key), list | dict):
                    yield from _found(value[key], outer, depth + 1)


def _is_span(row: Row, value: Row) -> bool:
    return (
        any(key in row for key in _TRACES)
        and any(key in row for key in _SPANS)
        and any(key in row for key in _STARTS)
        and (
            any(key in row for key in _ATTRIBUTES)
            or any(key.startswith(_COLUMN) for key in value)
            or not MARKS.isdisjoint(value)
        )
    )


def _from_columns(value: Row) -> Iterator[Row]:
    """Yield the rows of a data frame that is written column by column."""
    columns = {key: held for key, held in value.items() if isinstance(held, dict)}
    places = next(iter(columns.values()), {})
    for place in places:
        row = {key: held.get(place) for key, held in columns.items()}
        yield {_plain(key): held for key, held in row.items()} | {"": row}


def _read(source: Source) -> Reading:
    return reading_of(_spans(source), "unix ns", "start_time")


def _spans(source: Source) -> Iterator[Span]:
    if source.shape in ("json", "lines"):
        for value in source.values():
            for row, outer in _found(value, {}):
                yield _span(row, outer)
    else:
        for _, row in rows_of(source):
            yield _span({_plain(key): held for key, held in row.items()} | {"": row}, {})


def _span(row: Row, outer: Row) -> Span:
    attributes = _attributes(row)
    if word(row.get("spankind")).upper() in _ROLES:  # Phoenix's; others' are client and server
        attributes = {"openinference.span.kind": row["spankind"]} | attributes
    start_key = next((key for key in _STARTS if row.get(key) is not None), "")
    start = row.get(start_key)
    end = next((row[key] for key in _ENDS if row.get(key) is not None), None)
    resource = written(row.get("resource", row.get("resourceattributes")))
    if isinstance(resource, dict):
        resource = resource.get("attributes", resource)
    above = mapping(row.get("parent", row.get("parentspancontext")))
    parent = first_text(row, _PARENTS) or text(above.get("spanId", above.get("SpanID")))
    return Span(
        trace=_identity(first_text(row, _TRACES)),
        span=_identity(first_text(row, _SPANS)),
        parent=_identity(parent),
        name=first_text(row, _NAMES) or "",
        start=nanoseconds(start, "us" if start_key == "timestamp" else "ns") or 0,
        time=text(nanoseconds(start) if isinstance(start, list) else start),
        ended=nanoseconds(end) is not None,
        error=_failed(row, attributes),
        attributes=attributes,
        resource=outer | attributes_of(resource),
    )


def _attributes(row: Row) -> Row:
    for key in _ATTRIBUTES:
        found = attributes_of(written(parsed(row.get(key))))
        if found:
            return found
    whole = mapping(row.get(""))
    columns = {
        key.removeprefix(_COLUMN): written(held)
        for key, held in whole.items()
        if key.startswith(_COLUMN) and held not in (None, "")
    }
    return attributes_of(columns or whole)


def _identity(found: str | None) -> str:
    return (found or "").removeprefix("0x")


def _failed(row: Row, attributes: Row) -> bool:
    status = row.get("status", row.get("statuscode", row.get("otelstatuscode")))
    if isinstance(status, dict):
        code = {_plain(key): held for key, held in status.items()}
        status = code.get("statuscode", code.get("code"))
    if isinstance(status, int) and not isinstance(status, bool):
        return status == 2
    if isinstance(status, str):
        return status.rpartition(".")[2].removeprefix("STATUS_CODE_").upper() == "ERROR"
    return "error" in attributes and str(attributes["error"]).lower() != "false"


SPAN_LISTS = Format("spans", "a flat list of spans", _recognise, _read)
