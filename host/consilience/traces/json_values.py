"""Values out of JSON whose shape nobody promises: the wrong type is as good as missing."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["dicts", "finite", "first_text", "mapping", "parsed", "sequence", "text", "word"]


def text(value: Any) -> str | None:
    """Return a name, id or time as text: strings that are not empty, and numbers."""
    kind = type(value)  # JSON has no subclasses, and this is asked a dozen times a span
    if kind is str:
        return value or None
    return str(value) if kind is int or kind is float else None


def word(value: Any) -> str:
    """Return a string as it is; an empty one in place of anything else."""
    return value if isinstance(value, str) else ""


def first_text(value: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    """Return the first of the keys that holds text."""
    for key in keys:
        found = text(value.get(key))
        if found is not None:
            return found
    return None


def mapping(value: Any) -> dict[str, Any]:
    """Return an object; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """Return a list; an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    return [item for item in sequence(value) if isinstance(item, dict)]


def finite(value: Any) -> Any:
    """Return the value with text in place of numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: finite(held) for key, held in value.items()}
    if isinstance(value, list):
        return [finite(held) for held in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def parsed(value: Any) -> Any:
    """Return what a string holds if it is a JSON object or list; else the value itself."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
