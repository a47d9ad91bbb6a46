"""A call a line: agent, run, tool, time, and whether it failed. The form quickly written."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from consilience.errors import BadInput
from consilience.traces.format import Format
from consilience.traces.json_values import first_text, text
from consilience.traces.source import Source
from consilience.traces.span import nanoseconds
from consilience.traces.steps import Reading, Sequence, Step
from consilience.traces.table_rows import column_names, rows_of

__all__ = ["CALL_LINES"]

_TOOLS = ("tool", "tool_name")
_RUNS = ("run", "run_id", "conversation", "conversation_id", "session", "session_id", "trace_id")
_AGENTS = ("agent", "agent_id", "agent_name")
_TIMES = ("time", "timestamp", "at", "ts")
_CALLS = ("call_id", "tool_call_id", "id")
_FAILED = ("error", "is_error", "failed")
_WORKED = ("ok", "success")
_RESULTS = ("result", "output")
_ALIKE = 0.25
"""Share of calls that are alike, from which on it is probably no chance."""
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _columns(source: Source) -> set[str]:
    if source.shape == "text":
        return {name.strip() for name in column_names(source)}
    if source.shape not in ("lines", "json"):
        return set()
    rows = [row for value in source.head for row in (value if isinstance(value, list) else [value])]
    if not rows or not all(isinstance(row, dict) for row in rows):
        return set()
    return set.intersection(*(set(row) for row in rows))


def _recognise(source: Source) -> str | None:
    columns = _columns(source)
    tool = next((name for name in _TOOLS if name in columns), None)
    run = next((name for name in (*_RUNS, *_AGENTS) if name in columns), None)
    return None if tool is None or run is None else f"a call a line, with {run} and {tool}"


def _rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    if source.shape == "text":
        yield from rows_of(source)
        return
    for number, value in source.numbered():
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                yield number, row


def _read(source: Source) -> Reading:
    found: dict[tuple[str | None, str | None], Sequence] = {}
    unnamed = 0
    for number, row in _rows(source):
        run, agent = first_text(row, _RUNS), first_text(row, _AGENTS)
        if run is None and agent is None:
            raise BadInput(f"{source.path}: line {number} names neither run nor agent; give both")
        unnamed += run is None
        sequence = found.setdefault((agent, run), Sequence(run or agent, agent))
        tool = first_text(row, _TOOLS)
        if tool is not None:  # a line without a tool is a run that called nothing
            sequence.steps.append(_step(tool, row, agent))
    sequences = list(found.values())
    untimed = [one for one in sequences if not _in_order_of_time(one)]
    order = "file order" if untimed else "time"
    reading = Reading("tool_calls", order, sequences)
    if untimed and any(step.time is not None for one in untimed for step in one.steps):
        reading.warnings.append(
            f"{len(untimed)} runs have calls without a time that can be read: these keep the order "
            "of their lines"
        )
    reading.warnings += _repeats(sequences)
    if unnamed:
        reading.warnings.append(
            f"{unnamed} lines name no run: all such calls of an agent count as one; give run"
        )
    return reading


def _in_order_of_time(run: Sequence) -> bool:
    """Put a run's calls into the order of their times; say whether all have one."""
    numbers = [_number(step.time) for step in run.steps]
    if None in numbers:
        numbers = [nanoseconds(step.time, "s") for step in run.steps]
    known = [one for one in numbers if one is not None]
    if len(known) < len(numbers):
        return False
    order = sorted(range(len(known)), key=known.__getitem__)  # equal times: as in the file
    run.steps = [run.steps[place] for place in order]
    return True


def _number(written: str | None) -> Decimal | int | None:
    try:
        number = Decimal(written or "")
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _repeats(sequences: list[Sequence]) -> list[str]:
    """Drop calls that come again under their own id; return what is to be said of others."""
    dropped = alike = total = 0
    for run in sequences:
        seen: set[tuple[str | None, ...]] = set()
        kept = []
        for step in run.steps:
            key = step.name, step.call_id, step.time
            again = key in seen
            seen.add(key)
            if again and step.call_id is not None and step.time is not None:
                dropped += 1
                continue
            alike += again and step.time is not None
            total += 1
            kept.append(step)
        run.steps = kept
    found = [f"{dropped} calls are told twice, and count once"] if dropped else []
    if alike > _ALIKE * total:
        found.append(
            f"{alike} of {total} calls are like another one, its time too: were lines written "
            "twice? each counts; give call_id, by which they can be told apart"
        )
    return found


def _step(tool: str, row: dict[str, Any], agent: str | None) -> Step:
    error = None
    for names, failed in ((_FAILED, True), (_WORKED, False)):
        for name in names:
            truth = _truth(row.get(name))
            if truth is not None:
                error = truth is failed
    has_result = error is not None or any(row.get(name) is not None for name in _RESULTS)
    return Step(tool, first_text(row, _CALLS), error, first_text(row, _TIMES), has_result, agent)


def _truth(value: Any) -> bool | None:
    """Return whether it is true; None where there is nothing. A text that is neither is an error
    message."""
    if isinstance(value, bool) or value is None:
        return value
    written = (text(value) or "").strip().lower()
    return _TRUTHS.get(written, True) if written else None


CALL_LINES = Format("calls", "a call a line", _recognise, _read)
