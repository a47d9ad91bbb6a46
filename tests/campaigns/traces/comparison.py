"""A file's reading against its right answer, by what an answer says: the first difference."""

import json
from itertools import zip_longest
from pathlib import Path
from typing import Any

from consilience.errors import ConsilienceError
from consilience.traces.detection import read_trace

__all__ = ["compared"]

CALL = ("tool", "call_id", "error", "has_result", "time")
"""What of a call is compared, where the answer says it."""


def compared(expected: Path) -> tuple[str, str]:
    """Return the format that was found, and `equal` or the first difference."""
    file = expected.with_name(expected.name.removesuffix(".expected.json"))
    answer = json.loads(expected.read_text())
    try:
        read = read_trace(file)
    except ConsilienceError as error:
        return "-", f"refused: {error}"
    given = json.loads(json.dumps(read.as_json(file.name), allow_nan=False))
    return read.format.name, _first_difference(answer, given, file)


def _first_difference(answer: dict[str, Any], given: dict[str, Any], file: Path) -> str:
    if answer["kind"] != given["kind"]:
        return f"kind {given['kind']}, expected {answer['kind']}"
    for key in set(answer) - {"file", "format", "kind", "sequences", "series", "probes", "note",
                              "order_by", "time_unit", "by_agent", "commands"}:  # fmt: skip
        if answer[key] != given.get(key):
            return f"{key}: {given.get(key)!r}, expected {answer[key]!r}"
    if answer["kind"] == "tool_calls":
        return _calls(answer, given, file)
    if answer["kind"] == "scores":
        return _lists("sequence", answer["sequences"], given["sequences"])
    series = {one.get("series"): one for one in given["series"]}
    for probe in answer.get("probes", []):
        point = series.get(probe["series"], {}).get("points")
        if point != [[probe["timestamp"], probe["value"]]]:
            return f"{probe['series']}: {point!r}, expected {probe!r}"
    return _lists("series", answer["series"], given["series"]) if "series" in answer else "equal"


def _lists(what: str, wanted: list[Any], found: list[Any]) -> str:
    if len(wanted) != len(found):
        return f"{len(found)} {what}s, expected {len(wanted)}"
    for place, (one, other) in enumerate(zip(wanted, found, strict=True)):
        for key in one:
            if one[key] != other.get(key):
                return f"{what} {place}, {key}: {other.get(key)!r}, expected {one[key]!r}"
    return "equal"


def _calls(answer: dict[str, Any], given: dict[str, Any], file: Path) -> str:
    if len(answer["sequences"]) != len(given["sequences"]):
        return f"{len(given['sequences'])} sequences, expected {len(answer['sequences'])}"
    unnamed = 0
    for wanted, found in zip(answer["sequences"], given["sequences"], strict=True):
        name = wanted["conversation"]
        if name != found["conversation"]:
            # A name that its publisher gave the file, and that the file does not hold.
            if found["conversation"] is not None or name.encode() in file.read_bytes():
                return f"conversation {found['conversation']!r}, expected {name!r}"
            unnamed += 1
        for place, (one, other) in enumerate(zip_longest(wanted["calls"], found["calls"])):
            if one is None or other is None:
                return f"{name}: {len(found['calls'])} calls, expected {len(wanted['calls'])}"
            for key in CALL:
                if key in one and one[key] != other[key]:
                    return f"{name}, call {place}: {key} {other[key]!r}, expected {one[key]!r}"
            for key in ("agent", "agent_span"):
                if one.get(key) is not None and one[key] != other.get(key):
                    return f"{name}, call {place}: {key} {other.get(key)!r}, expected {one[key]!r}"
    if "by_agent" in answer and answer["by_agent"] != given.get("by_agent"):
        return f"by_agent {given.get('by_agent')!r}, expected {answer['by_agent']!r}"
    return f"equal, but for {unnamed} names that the file does not hold" if unnamed else "equal"
