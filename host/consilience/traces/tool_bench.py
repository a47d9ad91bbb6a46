"""Answers of ToolBench: the path that won, out of a tree of tries."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, parsed, sequence, text
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["TOOL_BENCH"]


def _answers(value: Any) -> list[tuple[str | None, dict[str, Any]]]:
    """Return answers with their names: a file holds one, or many under the ids of their queries."""
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("answer_generation"), dict):
        return [(None, value["answer_generation"])]
    return [
        (name, one["answer_generation"])
        for name, one in value.items()
        if isinstance(one, dict) and isinstance(one.get("answer_generation"), dict)
    ]


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(_answers(value) for value in source.head):
        return "the key answer_generation"
    return None


def _read(source: Source) -> Reading:
    sequences = []
    for value in source.values():
        for name, answer in _answers(value):
            sequences.append(_sequence(name, answer))
    return Reading("tool_calls", "order in the last list of train_messages", sequences)


def _sequence(name: str | None, answer: dict[str, Any]) -> Sequence:
    prefixes = sequence(answer.get("train_messages"))
    calls = Calls()
    last = dicts(prefixes[-1] if prefixes and isinstance(prefixes[-1], list) else prefixes)
    for message in last:
        called = text(mapping(message.get("function_call")).get("name"))
        if called is not None:
            calls.close_group()
            calls.add(Step(called))
        if message.get("role") == "function":
            calls.answer(None, text(message.get("name")), _error(message.get("content")))
    if not last:
        for node in dicts(answer.get("chain")):
            called = text(node.get("description"))
            if node.get("node_type") == "Action" and called is not None:
                calls.close_group()
                calls.add(Step(called))
            elif node.get("node_type") == "Action Input":
                calls.answer(None, None, _error(node.get("observation")))
    return Sequence(name, steps=calls.steps, extra={"finish_type": answer.get("finish_type")})


def _error(content: Any) -> bool | None:
    """Return whether the result says that it is one: its `error` is empty where all is well."""
    result = parsed(content)
    return bool(result["error"]) if isinstance(result, dict) and "error" in result else None


TOOL_BENCH = Format("toolbench", "ToolBench answer", _recognise, _read)
