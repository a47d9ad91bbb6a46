"""Logs of Inspect: `.eval`, a zip with a member for each sample, or one JSON document."""

import json
import zipfile
from collections.abc import Iterator
from typing import Any

from consilience.errors import BadInput
from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, text
from consilience.traces.pairing import Calls
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step
from consilience.traces.zip_members import read_member

__all__ = ["INSPECT"]

_CURE = "write it again as JSON with `inspect log convert`"


def _recognise(source: Source) -> str | None:
    if source.shape == "zip":
        members = _members(source)
        if "header.json" in members or "_journal/start.json" in members:
            return "a zip with header.json or a journal"
        return "a zip with samples" if any(map(_is_sample, members)) else None
    if source.shape == "json":
        value = source.head[0]
        if isinstance(value, dict) and "eval" in value and "version" in value:
            return "the keys version and eval"
    return None


def _is_sample(member: str) -> bool:
    return member.startswith("samples/") and member.endswith(".json")


def _members(source: Source) -> list[str]:
    try:
        with zipfile.ZipFile(source.file) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise BadInput(f"{source.path}: a damaged zip ({error}); copy it again") from None


def _read(source: Source) -> Reading:
    reading = Reading("tool_calls", "message order", [], "ISO 8601")
    if _recognise(source) is None:
        return reading
    elsewhere = 0
    for sample in _samples(source):
        sequence, unseen = _sequence(sample)
        reading.sequences.append(sequence)
        elsewhere += unseen
    if elsewhere:
        reading.warnings.append(
            f"{elsewhere} calls are events of sub-agents, not in the samples' messages: left out"
        )
    if not reading.sequences:
        reading.warnings.append("a log without samples: no calls can be known")
    return reading


def _samples(source: Source) -> Iterator[dict[str, Any]]:
    if source.shape == "json":
        yield from dicts(source.head[0].get("samples"))
        return
    with zipfile.ZipFile(source.file) as archive:
        for member in archive.namelist():
            if not _is_sample(member):
                continue
            try:
                value = json.loads(read_member(archive, member))
            except NotImplementedError:
                raise BadInput(
                    f"{source.path}: {member} is packed in a way unknown here; {_CURE}"
                ) from None
            except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
                raise BadInput(f"{source.path}: {member} is damaged ({error}); {_CURE}") from None
            if isinstance(value, dict):
                yield value


def _sequence(sample: dict[str, Any]) -> tuple[Sequence, int]:
    """Return the calls of one sample, and how many of its events' calls its messages lack."""
    events = [event for event in dicts(sample.get("events")) if event.get("event") == "tool"]
    steps = _of_messages(dicts(sample.get("messages")))
    times: dict[str | None, list[str | None]] = {}
    for event in events:
        times.setdefault(text(event.get("id")), []).append(text(event.get("timestamp")))
    if not steps:
        steps, times = [_of_event(event) for event in events], {}
    for step in steps:
        waiting = times.get(step.call_id)
        if waiting:
            step.time = waiting.pop(0)
    name = f"{sample.get('id')}/epoch {sample.get('epoch', 1)}"
    scores = {
        key: score.get("value") if isinstance(score, dict) else score
        for key, score in mapping(sample.get("scores")).items()
    }
    unseen = sum(map(len, times.values()))
    return Sequence(name, steps=steps, extra={"scores": scores} if scores else {}), unseen


def _of_messages(messages: list[dict[str, Any]]) -> list[Step]:
    calls = Calls()
    for message in messages:
        listed = dicts(message.get("tool_calls"))
        if listed or message.get("role") == "assistant":
            calls.close_group()
        for call in listed:
            name = text(call.get("function"))
            if name is not None:
                calls.add(Step(name, text(call.get("id"))))
        if message.get("role") == "tool":
            identity, name = text(message.get("tool_call_id")), text(message.get("function"))
            told = message.get("error", message.get("tool_error"))  # a text, in the oldest logs
            failed = told is not None
            step = calls.answer(identity, name, failed)
            if step is None and name is not None:
                step = Step(name, identity, failed, has_result=True)
                calls.add(step)
            if step is not None and failed:
                step.extra["error_type"] = mapping(told).get("type")
    return calls.steps


def _of_event(event: dict[str, Any]) -> Step:
    failed = event.get("error") is not None or event.get("failed") is True
    ended = failed or (event.get("result") is not None and not event.get("pending"))
    return Step(
        name=text(event.get("function")) or "",
        call_id=text(event.get("id")),
        error=failed if ended else None,
        time=text(event.get("timestamp")),
        has_result=bool(ended),
        agent=text(event.get("agent")),
    )


INSPECT = Format("inspect", "Inspect log", _recognise, _read)
