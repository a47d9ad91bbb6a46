"""Langfuse exports: a trace with its observations, a list of these, or observations alone.

From its page, its API, its storage (keys in snake case), and batches as its clients send them.
"""

import json
from collections.abc import Iterator
from typing import Any

from consilience.traces import conventions
from consilience.traces.format import Format
from consilience.traces.json_values import dicts, first_text, mapping, parsed, text, word
from consilience.traces.source import Source
from consilience.traces.span import attributes_of, nanoseconds
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["LANGFUSE"]

_TYPES = {"SPAN", "GENERATION", "EVENT", "TOOL", "AGENT", "CHAIN", "RETRIEVER", "EVALUATOR",
          "EMBEDDING", "GUARDRAIL"}  # fmt: skip
_SENT = ("-create", "-update")
_STORED = {"start_time": "startTime", "end_time": "endTime", "trace_id": "traceId",
           "parent_observation_id": "parentObservationId", "session_id": "sessionId"}  # fmt: skip


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            for _, observations in _traces(value):
                if any(one["type"] in _TYPES and "startTime" in one for one in observations[:3]):
                    return "observations with type and startTime"
    return None


def _is_observation(value: dict[str, Any]) -> bool:
    return (
        word(value.get("type")) in _TYPES
        and ("startTime" in value or "start_time" in value)
        and "id" in value
        and not {"traceId", "trace_id", "parentObservationId"}.isdisjoint(value)
    )


def _observation(value: dict[str, Any]) -> dict[str, Any]:
    """Return an observation with the keys of the API, and its type in capitals."""
    plain = {_STORED.get(key, key): held for key, held in value.items()}
    return plain | {"type": word(plain.get("type")).upper() or None}


def _sent(value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the observation in an event of a client: how it began, or what was added."""
    kind, body = word(value.get("type")), value.get("body")
    if not kind.endswith(_SENT) or not isinstance(body, dict):
        return None
    if kind.startswith(("trace", "score")):
        return None
    named = kind.rpartition("-")[0].upper().replace("OBSERVATION", "SPAN")
    return {"type": None if kind == "span-update" else named} | body


def _traces(value: Any) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield traces with their observations; observations without a trace come together."""
    loose = []
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict):
            continue
        if isinstance(one.get("observations"), list):
            trace = one.get("trace")
            observations = list(map(_observation, dicts(one["observations"])))
            yield (trace if isinstance(trace, dict) else one), observations
        elif isinstance(one.get("data"), list):
            yield from _traces(one["data"])
        elif isinstance(one.get("batch"), list):
            yield from _traces(one["batch"])
        elif (sent := _sent(one)) is not None:
            loose.append(_observation(sent))
        elif _is_observation(one):
            loose.append(_observation(one))
    if loose:
        yield {}, loose


def _read(source: Source) -> Reading:
    by_trace: dict[str, tuple[Sequence, dict[str, dict[str, Any]]]] = {}
    scores: list[dict[str, Any]] = []
    for value in source.values():
        for trace, observations in _traces(value):
            for one in observations:
                identity = text(one.get("traceId")) or text(trace.get("id")) or ""
                session = first_text(trace, ("sessionId",)) or first_text(one, ("sessionId",))
                entry = by_trace.get(identity)
                if entry is None:
                    sequence = Sequence(session, extra={"trace": identity or None})
                    entry = by_trace[identity] = (sequence, {})
                entry[0].conversation = entry[0].conversation or session
                key = text(one.get("id")) or str(len(entry[1]))
                entry[1][key] = _joined(entry[1].get(key), one)
            scores += [_score(score) for score in dicts(trace.get("scores"))]
    for sequence, found in by_trace.values():
        sequence.steps = _steps(found)
    reading = Reading(
        "tool_calls", "startTime", [one for one, _ in by_trace.values()], "ISO 8601 UTC ms"
    )
    times = (step.time for sequence in reading.sequences for step in sequence.steps)
    lost = sum(nanoseconds(time) is None for time in times)
    if lost:
        reading.warnings.append(
            f"{lost} calls have no start that can be read: their order is not known"
        )
    if scores:
        reading.extra["scores"] = scores
    return reading


def _joined(held: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    """Return two reports of an observation as one, whichever came first."""
    if held is None:
        return other
    told = [
        {key: value for key, value in one.items() if value is not None} for one in (held, other)
    ]
    told.sort(key=lambda one: ("endTime" in one, len(one), json.dumps(one, sort_keys=True)))
    starts = [one["startTime"] for one in told if "startTime" in one]
    return told[0] | told[1] | ({"startTime": starts[0]} if starts else {})


def _steps(observations: dict[str, dict[str, Any]]) -> list[Step]:
    ordered = sorted(
        observations.items(), key=lambda item: (nanoseconds(item[1].get("startTime")) or 0, item[0])
    )
    agents = {
        identity: text(one.get("name")) or ""
        for identity, one in ordered
        if one.get("type") == "AGENT" or conventions.role(_attributes(one)) == "agent"
    }
    steps = []
    for identity, one in ordered:
        attributes = _attributes(one)
        message = _tool_message(one.get("output"))
        if not (one.get("type") == "TOOL" or message or conventions.role(attributes) == "tool"):
            continue
        name = text(one.get("name")) or ""
        failed = one.get("level") == "ERROR" or message.get("status") == "error"
        has_result = one.get("output") is not None
        step = Step(
            name=(text(message.get("name")) if message else None)
            or conventions.tool_name(attributes, name),
            call_id=conventions.call_id(attributes),
            error=True if failed else (False if has_result else None),
            time=text(one.get("startTime")),
            has_result=has_result,
            extra={"observation": identity},
        )
        step.agent, step.agent_span = _agent(one, observations, agents)
        steps.append(step)
    return steps


def _attributes(observation: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of the span that became the observation."""
    return attributes_of(mapping(parsed(observation.get("metadata"))).get("attributes"))


def _tool_message(output: Any) -> dict[str, Any]:
    """Return LangChain's tool message if that is what the output is; else nothing."""
    value = mapping(parsed(output))
    if value.get("lc") == 1 and "ToolMessage" in str(value.get("id")):
        return mapping(value.get("kwargs"))
    return value if value.get("type") == "tool" and "tool_call_id" in value else {}


def _agent(
    one: dict[str, Any], observations: dict[str, dict[str, Any]], agents: dict[str, str]
) -> tuple[str | None, str | None]:
    for _ in range(len(observations)):
        parent = text(one.get("parentObservationId"))
        if parent is None or parent not in observations:
            break
        if parent in agents:
            return agents[parent], parent
        one = observations[parent]
    return None, None


def _score(score: dict[str, Any]) -> dict[str, Any]:
    return {key: score.get(key) for key in ("name", "value", "dataType", "timestamp", "source")}


LANGFUSE = Format("langfuse", "Langfuse export", _recognise, _read)
