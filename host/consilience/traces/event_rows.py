"""Rows of a log of events, by plain names: what stands in nested objects is found, too."""

from collections.abc import Iterator
from typing import Any

from consilience.field_names import plain_name
from consilience.traces.source import Source
from consilience.traces.table_rows import column_names, rows_of

__all__ = ["fields_of", "head_rows", "numbered_rows"]

_INSIDE = ("attributes", "attrs", "data", "fields", "properties", "payload", "context", "metadata",
           "extra", "body", "message", "record", "event", "details", "params")  # fmt: skip
_PARTS = ("tool", "agent", "run", "session", "conversation", "trace", "thread", "call",
          "tool_call", "status")  # fmt: skip
"""Objects whose fields go by both names: `{"tool": {"name": ..}}` has a tool_name."""
_LISTS = ("events", "calls", "tool_calls", "rows", "records", "logs", "entries", "data")
_AROUND = 3
"""Fields of an object that is there for its list alone."""
_DEEPEST = 3


def fields_of(row: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return a row's fields by their plain names; its own before those of objects in it."""
    found: dict[str, Any] = {}
    inside: list[dict[str, Any]] = []
    for name, value in row.items():
        plain = plain_name(name) if isinstance(name, str) else ""
        if type(value) is not dict or depth == _DEEPEST:
            found.setdefault(plain, value)
        elif plain in _PARTS:
            held = fields_of(value, depth + 1)
            inside.append({f"{plain}_{one}": it for one, it in held.items()})
        elif plain in _INSIDE:
            inside.append(fields_of(value, depth + 1))
        else:
            found.setdefault(plain, value)
    for held in inside:
        for name, value in held.items():
            if found.get(name) is None:
                found[name] = value
    return found


def numbered_rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the fields of each row, and its line (its place in a list of JSON)."""
    if source.shape == "text":
        for number, row in rows_of(source):
            yield number, fields_of(row)
    elif source.shape in ("lines", "json"):
        for number, value in source.numbered():
            for place, row in enumerate(_rows_in(value), number):
                if isinstance(row, dict):
                    yield place, fields_of(row)


def head_rows(source: Source) -> list[dict[str, Any]]:
    """Return the fields of the first rows; of a table one, with the names of its columns."""
    if source.shape == "text":
        return [fields_of(dict.fromkeys((name.strip() for name in column_names(source)), "?"))]
    if source.shape not in ("lines", "json"):
        return []
    rows = [row for value in source.head for row in _rows_in(value)]
    return [fields_of(row) for row in rows if isinstance(row, dict)]


def _rows_in(value: Any) -> list[Any]:
    """Return the rows of a list, or of an object around one; the object itself if it is one."""
    if isinstance(value, dict):
        if len(value) <= _AROUND:
            lists = [value[name] for name in _LISTS if isinstance(value.get(name), list)]
            if len(lists) == 1:
                return list(lists[0])
        return [value]
    return value if isinstance(value, list) else []
