"""ATOF events (NeMo Agent Toolkit): a line at the start and at the end of a scope, and marks."""

from typing import Any

from consilience.traces.format import Format
from consilience.traces.json_values import mapping, text
from consilience.traces.source import Source
from consilience.traces.span import nanoseconds
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["ATOF"]

Event = dict[str, Any]


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            for event in value if isinstance(value, list) else [value]:
                if isinstance(event, dict) and "atof_version" in event and "uuid" in event:
                    return "the key atof_version"
    return None


def _read(source: Source) -> Reading:
    starts: dict[str, Event] = {}
    ends: dict[str, Event] = {}
    marks: dict[str, Event] = {}
    for value in source.values():
        for event in value if isinstance(value, list) else [value]:
            identity = text(event.get("uuid")) if isinstance(event, dict) else None
            if identity is None:
                continue
            ended = event.get("scope_category") == "end"
            kind = marks if event.get("kind") == "mark" else ends if ended else starts
            kind.setdefault(identity, event)
    scopes = ends | starts
    found: dict[str | None, Sequence] = {}
    for identity, event in sorted(scopes.items(), key=lambda item: _moment(item[1])):
        agents = _agents(identity, scopes)
        root = agents[-1] if agents else None
        if event.get("category") == "agent":
            root = root or identity
            found.setdefault(root, Sequence(None, text(scopes[root].get("name"))))
        elif event.get("category") == "tool":
            name = text(scopes[root].get("name")) if root else None
            sequence = found.setdefault(root, Sequence(None, name))
            agent = text(scopes[agents[0]].get("name")) if agents else None
            sequence.steps.append(_step(event, agent, ended=identity in ends))
    reading = Reading("tool_calls", "timestamp", list(found.values()), "ISO 8601 UTC")
    lost = sum(not _moment(event) for event in scopes.values() if event.get("category") == "tool")
    if lost:
        reading.warnings.append(
            f"{lost} calls have no timestamp that can be read: their order is not known"
        )
    guards = [_guard(mark) for mark in sorted(marks.values(), key=_moment) if _is_guard(mark)]
    if guards:
        reading.extra["guard_events"] = guards
    return reading


def _moment(event: Event) -> int:
    return nanoseconds(event.get("timestamp")) or 0


def _agents(identity: str, scopes: dict[str, Event]) -> list[str]:
    """Return the agents above a scope, nearest first."""
    found, seen = [], {identity}
    above = text(scopes[identity].get("parent_uuid"))
    while above in scopes and above not in seen:
        seen.add(above)
        if scopes[above].get("category") == "agent":
            found.append(above)
        above = text(scopes[above].get("parent_uuid"))
    return found


def _step(event: Event, agent: str | None, *, ended: bool) -> Step:
    call_id = text(mapping(event.get("category_profile")).get("tool_call_id"))
    name = text(event.get("name")) or ""
    return Step(name, call_id, None, text(event.get("timestamp")), ended, agent)


def _is_guard(mark: Event) -> bool:
    return mark.get("category") == "guardrail"


def _guard(mark: Event) -> Event:
    data = mapping(mark.get("data"))
    verdict = {key: data.get(key) for key in ("passed", "policies")}
    return {"name": mark.get("name")} | verdict | {"time": mark.get("timestamp")}


ATOF = Format("atof", "ATOF events", _recognise, _read)
