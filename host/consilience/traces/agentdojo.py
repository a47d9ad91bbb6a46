"""Runs of AgentDojo: a user task, perhaps with an injection, its messages and the verdicts."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, first_text, text
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["AGENTDOJO"]

_VERDICTS = ("utility", "security", "attack_type", "pipeline_name")


def _is_run(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("messages"), list)
        and "suite_name" in value
        and ("user_task_id" in value or "injection_task_id" in value)
    )


def _runs(value: Any) -> list[Any]:
    return [one for one in (value if isinstance(value, list) else [value]) if _is_run(one)]


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(_runs(value) for value in source.head):
        return "the keys suite_name, user_task_id and messages"
    return None


def _read(source: Source) -> Reading:
    sequences = [_sequence(run) for value in source.values() for run in _runs(value)]
    return Reading("tool_calls", "message order", sequences)


def _sequence(run: dict[str, Any]) -> Sequence:
    calls = Calls()
    for message in dicts(run["messages"]):
        if message.get("role") == "assistant":
            calls.close_group()
        for call in dicts(message.get("tool_calls")):
            function = call.get("function")
            name = text(function.get("name") if isinstance(function, dict) else function)
            if name is not None:
                calls.add(Step(name, text(call.get("id"))))
        if message.get("role") == "tool":
            asked = message.get("tool_call")
            held = asked if isinstance(asked, dict) else {}
            identity = first_text(message, ("tool_call_id",)) or text(held.get("id"))
            calls.answer(identity, text(held.get("function")), message.get("error") is not None)
    parts = (run.get(key) for key in ("suite_name", "user_task_id", "injection_task_id"))
    name = "/".join(part for part in map(text, parts) if part is not None)
    verdicts = {key: run[key] for key in _VERDICTS if key in run}
    return Sequence(name, steps=calls.steps, extra=verdicts)


AGENTDOJO = Format("agentdojo", "AgentDojo run", _recognise, _read)
