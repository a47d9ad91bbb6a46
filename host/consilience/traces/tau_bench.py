"""Results of tau-bench and tau2-bench, and the dialogues that tau-bench keeps as mere text."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, text
from consilience.traces.message_calls import message_steps
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["TAU2_BENCH", "TAU_BENCH", "TAU_BENCH_TEXT"]

_DISPLAY = "messages_display"


def _results(value: Any) -> list[dict[str, Any]]:
    return [
        one
        for one in (value if isinstance(value, list) else [value])
        if isinstance(one, dict) and isinstance(one.get("traj"), list) and "task_id" in one
    ]


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(_results(value) for value in source.head):
        return "the keys traj and task_id"
    return None


def _read(source: Source) -> Reading:
    sequences = []
    for value in source.values():
        for result in _results(value):
            name = f"task {result['task_id']} trial {result.get('trial', 0)}"
            steps = message_steps(result["traj"], orphans=False)
            sequences.append(Sequence(name, steps=steps, extra={"reward": result.get("reward")}))
    return Reading("tool_calls", "message order", sequences)


def _simulations(value: Any) -> list[dict[str, Any]]:
    holder = value if isinstance(value, dict) else {}
    found = dicts(holder.get("simulations")) or [holder]
    return [one for one in found if isinstance(one.get("messages"), list) and "reward_info" in one]


def _recognise_2(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(_simulations(value) for value in source.head):
        return "simulations with messages and reward_info"
    return None


def _read_2(source: Source) -> Reading:
    sequences = []
    for value in source.values():
        for one in _simulations(value):
            name = text(one.get("id")) or f"task {one.get('task_id')} trial {one.get('trial', 0)}"
            reward = mapping(one["reward_info"]).get("reward")
            sequences.append(Sequence(name, steps=_steps(one), extra={"reward": reward}))
    return Reading("tool_calls", "message order", sequences, "ISO 8601")


def _steps(simulation: dict[str, Any]) -> list[Step]:
    calls = Calls()
    for message in dicts(simulation["messages"]):
        listed = dicts(message.get("tool_calls"))
        if listed:
            calls.close_group()
        for call in listed:
            name, time = text(call.get("name")), text(message.get("timestamp"))
            if name is not None:
                agent = text(call.get("requestor"))
                calls.add(Step(name, text(call.get("id")), None, time, agent=agent))
        if message.get("role") == "tool":
            for result in dicts(message.get("tool_messages")) or [message]:
                failed = result.get("error")
                error = failed if isinstance(failed, bool) else None
                calls.answer(text(result.get("id")), None, error)
    return calls.steps


def _recognise_text(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            if isinstance(mapping(value).get(_DISPLAY), str):
                return f"texts under {_DISPLAY}"
    return None


def _read_text(source: Source) -> Reading:
    sequences = []
    for number, value in source.numbered():
        shown = mapping(value).get(_DISPLAY)
        if isinstance(shown, str):
            results = sum(line.startswith("tool:") for line in shown.split("\n"))
            sequences.append(Sequence(f"line {number}", extra={"tool_results": results}))
    warning = "dialogues as text: the names of the tools are not recorded, so no calls are known"
    return Reading("tool_calls", "line order", sequences, warnings=[warning])


TAU_BENCH = Format("tau-bench", "tau-bench result", _recognise, _read)
TAU2_BENCH = Format("tau2-bench", "tau2-bench results", _recognise_2, _read_2)
TAU_BENCH_TEXT = Format("tau-bench-text", "tau-bench dialogues as text", _recognise_text,
                        _read_text)  # fmt: skip
