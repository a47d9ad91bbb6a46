"""Trajectories of SWE-agent: `history` with calls of tools, or older, with shell commands."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, sequence, text
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["SWE_AGENT"]


def _is_trajectory(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    history = dicts(value.get("history"))
    if any(_is_turn(turn) for turn in history):
        return True
    return any("action" in s and "observation" in s for s in dicts(value.get("trajectory")))


def _is_turn(turn: dict[str, Any]) -> bool:
    return "role" in turn and not {"message_type", "agent", "action"}.isdisjoint(turn)


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(map(_is_trajectory, source.head)):
        return "history or trajectory with actions"
    return None


def _read(source: Source) -> Reading:
    sequences = [_sequence(value) for value in source.values() if _is_trajectory(value)]
    return Reading("tool_calls", "history order", sequences)


def _sequence(value: dict[str, Any]) -> Sequence:
    turns = [turn for turn in dicts(value.get("history")) if not turn.get("is_demo")]
    calls = Calls()
    for turn in turns:
        if turn.get("role") == "assistant":
            _add(calls, turn)
        elif turn.get("role") in ("tool", "user"):
            _answer(calls, turn)
    if not calls.steps:
        for step in dicts(value.get("trajectory")):
            _add(calls, step)
            if step.get("observation") is not None:
                calls.answer(None, None, None)
    named = {text(turn.get("agent")) for turn in turns if turn.get("role") == "assistant"}
    agent = named.pop() if len(named) == 1 else None
    name = text(mapping(value.get("info")).get("instance_id")) or text(value.get("instance_id"))
    return Sequence(name, agent, calls.steps)


def _add(calls: Calls, turn: dict[str, Any]) -> None:
    calls.close_group()
    action = text(turn.get("action"))
    command = action.strip().split("\n")[0] if action is not None else None
    extra = {} if not command else {"command": command}
    for call in dicts(turn.get("tool_calls")):
        name = text(mapping(call.get("function")).get("name"))
        if name is not None:
            calls.add(Step(name, text(call.get("id")), extra=dict(extra)))
    if command and not turn.get("tool_calls"):
        calls.add(Step(command.split()[0], extra=extra))


def _answer(calls: Calls, turn: dict[str, Any]) -> None:
    identities = [text(one) for one in sequence(turn.get("tool_call_ids"))]
    if not identities and turn.get("tool_call_id") is not None:
        identities = [text(turn["tool_call_id"])]
    for identity in identities or [None]:
        calls.answer(identity, None, None)


SWE_AGENT = Format("swe-agent", "SWE-agent trajectory", _recognise, _read)
