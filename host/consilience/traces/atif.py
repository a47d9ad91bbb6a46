"""ATIF trajectories (Harbor): steps of a system, a user and an agent, with what was observed."""

from collections.abc import Iterator
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, first_text, mapping, text
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["ATIF"]


def _is_atif(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("steps"), list):
        return False
    version = value.get("schema_version")
    return isinstance(version, str) and version.upper().startswith("ATIF")


def _trajectories(value: Any) -> Iterator[dict[str, Any]]:
    """Yield a trajectory, those of a list, and those of sub-agents within."""
    if isinstance(value, list):
        for one in value:
            yield from _trajectories(one)
    elif _is_atif(value):
        yield value
        for one in dicts(value.get("subagent_trajectories")):
            yield from _trajectories({"schema_version": value["schema_version"]} | one)


def _holds(value: Any) -> bool:
    return any(True for _ in _trajectories(value))


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(map(_holds, source.head)):
        return "schema_version ATIF and steps"
    return None


def _read(source: Source) -> Reading:
    sequences = [_trajectory(one) for value in source.values() for one in _trajectories(value)]
    return Reading("tool_calls", "step_id", sequences, "ISO 8601")


def _trajectory(value: dict[str, Any]) -> Sequence:
    calls = Calls()
    # What was copied from the trajectory that this one continues was called there.
    steps = [step for step in dicts(value["steps"]) if step.get("is_copied_context") is not True]
    if all(isinstance(step.get("step_id"), int) for step in steps):
        steps.sort(key=lambda step: int(step["step_id"]))
    for step in steps:
        calls.close_group()
        for call in dicts(step.get("tool_calls")):
            name = text(call.get("function_name"))
            if name is not None:
                time = text(step.get("timestamp"))
                calls.add(Step(name, text(call.get("tool_call_id")), None, time))
        for result in dicts(mapping(step.get("observation")).get("results")):
            calls.answer(text(result.get("source_call_id")), None, None)
    agent = text(mapping(value.get("agent")).get("name"))
    name = first_text(value, ("session_id", "trajectory_id"))
    return Sequence(name, agent, calls.steps)


ATIF = Format("atif", "ATIF trajectory", _recognise, _read)
