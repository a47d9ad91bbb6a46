"""Trajectories of mini-swe-agent: messages whose calls are tools', or one block of bash each."""

import re
from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, text, word
from consilience.traces.message_calls import message_steps
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["MINI_SWE_AGENT"]

_FORMAT = "mini-swe-agent"
_BLOCK = re.compile(r"```(?:bash|mswea_bash_command)[ \t]*\n(.*?)\n```", re.DOTALL)


def _is_trajectory(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("messages"), list)
        and word(value.get("trajectory_format")).startswith(_FORMAT)
    )


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(map(_is_trajectory, source.head)):
        return f"trajectory_format {_FORMAT}"
    return None


def _read(source: Source) -> Reading:
    sequences = []
    for value in source.values():
        if _is_trajectory(value):
            info = mapping(value.get("info"))
            name = text(value.get("instance_id")) or text(info.get("instance_id"))
            messages = dicts(value["messages"])
            steps = message_steps(messages) or _commands(messages)
            sequences.append(Sequence(name, steps=steps))
    return Reading("tool_calls", "message order", sequences)


def _commands(messages: list[dict[str, Any]]) -> list[Step]:
    """Return the commands of a model that was told to write one in a block of its text."""
    calls = Calls()
    for message in messages:
        role = message.get("role")
        found = _BLOCK.findall(word(message.get("content"))) if role == "assistant" else []
        if len(found) == 1:  # others are sent back as wrong
            calls.close_group()
            calls.add(Step("bash", extra={"command": found[0].strip().split("\n")[0]}))
        elif role in ("user", "exit", "tool"):
            calls.answer(None, None, None)
    return calls.steps


MINI_SWE_AGENT = Format("mini-swe-agent", "mini-swe-agent trajectory", _recognise, _read)
