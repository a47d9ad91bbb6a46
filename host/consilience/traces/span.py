"""A span, as every tracing system keeps it: an interval with a name, a parent and attributes."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from consilience.traces.json_values import text

__all__ = ["Span", "attributes_of", "nanoseconds"]

_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_PLAIN = {"stringValue", "boolValue", "doubleValue", "bytesValue", "intValue", "string_value",
          "bool_value", "double_value", "bytes_value", "int_value"}  # fmt: skip
_ZONE = re.compile(r" ([+-]\d\d:?\d\d)$")
_DIGITS = 24
"""Of a number that may be a time."""


@dataclass(slots=True)
class Span:
    """One span.

    Attributes
    ----------
    trace, span, parent : str
        Ids; empty where there is none.
    name : str
    start : int
        Nanoseconds since 1970, only to order by.
    time : str or None
        The start as the file has it.
    ended : bool
    error : bool
        The status says so; unset is no error.
    attributes : dict
    resource : dict
        Attributes of what wrote it.
    """

    trace: str
    span: str
    parent: str
    name: str
    start: int
    time: str | None
    ended: bool
    error: bool
    attributes: dict[str, Any]
    resource: dict[str, Any] = field(default_factory=dict)


def attributes_of(value: Any) -> dict[str, Any]:
    """Return attributes by name from an object or a list of keys and values; nested ones dotted."""
    if isinstance(value, list):
        flat: dict[str, Any] = {}
        for item in value:
            try:
                key, held = item["key"], item["value"]
            except (TypeError, KeyError):
                key, held = _other_pair(item)
            if type(held) is dict:
                if "stringValue" in held:  # nearly always
                    held = held["stringValue"]
                elif "intValue" in held:
                    held = held["intValue"]
                else:
                    held = _any_value(held)
            if type(key) is str:
                flat[key] = held
        return flat
    if not isinstance(value, dict):
        return {}
    if not any(isinstance(held, dict) for held in value.values()):
        return value
    flat = {}
    for key, held in value.items():
        if isinstance(held, dict) and held:
            plain = _any_value(held)
            if plain is held:
                flat |= {f"{key}.{name}": one for name, one in attributes_of(held).items()}
            else:
                flat[key] = plain
        else:
            flat[key] = held
    return flat


def _other_pair(item: Any) -> tuple[Any, Any]:
    """Return key and value as Go's exporter capitalises them, or as a table's map has them."""
    if isinstance(item, tuple) and len(item) == 2:
        return item
    if isinstance(item, dict) and "Key" in item:
        held = item.get("Value")
        return item["Key"], held.get("Value") if isinstance(held, dict) else held
    return None, None


def _any_value(held: dict[str, Any]) -> Any:
    """Return the value of OTLP's AnyValue; the object itself if it is none."""
    if len(held) == 1:
        for kind, value in held.items():
            if kind in _PLAIN:
                return value
            if kind in ("arrayValue", "array_value"):
                items = value.get("values") if isinstance(value, dict) else None
                if not isinstance(items, list | tuple):
                    return []
                return [_any_value(item) if isinstance(item, dict) else item for item in items]
            if kind in ("kvlistValue", "kvlist_value"):
                return attributes_of(value.get("values", []) if isinstance(value, dict) else [])
    return held or None


def nanoseconds(value: Any, unit: str = "ns") -> int | None:
    """Return nanoseconds since 1970 from a number, its text, a pair (s, ns) or ISO 8601.

    None: no time that can be read, or none at all (zero).
    """
    kind = type(value)
    if kind is int or (kind is str and len(value) < _DIGITS and value.isdecimal()):
        return int(value) * _UNITS[unit] or None
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, int) for v in value):
        return int(value[0]) * _UNITS["s"] + int(value[1]) or None
    written = text(value)
    if written is None:
        return None
    try:
        number = Decimal(written)
    except ArithmeticError:
        pass
    else:
        possible = number.is_finite() and number.adjusted() < _DIGITS
        return round(number * _UNITS[unit]) or None if possible else None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        try:  # as databases write it: 2026-03-04 10:00:00 UTC, or +0000 behind a blank
            moment = datetime.fromisoformat(_ZONE.sub(r"\1", written.replace(" UTC", "Z")))
        except ValueError:
            return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * _UNITS["s"] + since.microseconds * 1_000
