"""Calls that a model wrote as text: in tags, as its prompt told it to, or after "Action:"."""

import re
from collections.abc import Iterator
from typing import Any

from consilience.traces.json_values import dicts, mapping, parsed, text, word

__all__ = ["answers_written", "names_written"]

_MODELS = {"assistant", "gpt", "ai", "model"}
_IN_TAGS = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)
_FUNCTION = re.compile(r"<function=([\w.\-]+)>")
_ACTION = re.compile(r"^Action:[ \t]*([\w.\-]+)[ \t]*\r?\n+Action Input:", re.MULTILINE)
_EXECUTED = re.compile(r"\s*EXECUTION RESULT of \[([\w.\-]+)\]")
_RESPONSE = "<tool_response>"
_OBSERVED = ("OBSERVATION:", "Observation:")


def names_written(role: str, message: dict[str, Any]) -> list[str]:
    """Return the tools that the text of a model's message calls."""
    if role not in _MODELS:
        return []
    names: list[str] = []
    for written in _texts(message):
        for found in _IN_TAGS.findall(written):
            name = text(mapping(parsed(found)).get("name"))
            names += [name] if name is not None else []
        names += _FUNCTION.findall(written)
        if message.get("from") is not None:
            names += _ACTION.findall(written)
    return names


def answers_written(role: str, message: dict[str, Any]) -> list[str | None]:
    """Return the tools, or None for each that is not named, of results that a user's text has."""
    if role not in ("user", "human"):
        return []
    found: list[str | None] = []
    for written in _texts(message):
        found += _EXECUTED.findall(written)[:1]
        found += [None] * written.count(_RESPONSE)
        found += [None] * written.startswith(_OBSERVED)
    return found


def _texts(message: dict[str, Any]) -> Iterator[str]:
    for key in ("content", "value"):
        held = message.get(key)
        if isinstance(held, str):
            yield held
        else:
            yield from (word(block.get("text")) for block in dicts(held))
