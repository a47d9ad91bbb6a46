"""A call a line: agent, run, tool, time, and whether it failed. The form quickly written.

Lines of other events stand between them: starts and ends of runs, and of calls, in two lines each.
"""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any, NamedTuple

from consilience.errors import BadInput
from consilience.field_names import AGENTS, RUNS
from consilience.traces.call_fields import NAME, TOOLS, kind_of, step_of
from consilience.traces.calls_together import call_others_good, drop_repeats
from consilience.traces.event_rows import head_rows, numbered_rows
from consilience.traces.format import Format
from consilience.traces.json_values import first_text, text
from consilience.traces.paired_events import Told, paired
from consilience.traces.source import Source
from consilience.traces.span import nanoseconds
from consilience.traces.steps import Reading, Sequence

__all__ = ["CALL_LINES", "lacking"]

_SOUGHT = 4096
"""Lines in which a first call is looked for."""
_NAMED = 6
"""Lines and columns that a message names."""
_UNITS = ((10**17, "nanoseconds"), (10**14, "microseconds"), (10**11, "milliseconds"))
"""Of times that are numbers of this size: a time in seconds is below all for 1,000 years."""

Names = tuple[str | None, str | None]


class _Columns(NamedTuple):
    """What a tool is called in a file, and what it is recognised by."""

    tool: str
    run: str


def _columns(rows: list[dict[str, Any]]) -> _Columns | None:
    """Return what the first row that has both calls the tool, and the run or agent."""
    kinds = any(kind_of(row).said for row in rows)
    for tools in (TOOLS, (NAME,)):
        for row in rows:
            if tools is TOOLS or not kinds or kind_of(row).of_tool:
                tool = next((name for name in tools if name in row), None)  # null: no call
                run = next((one for one in (*RUNS, *AGENTS) if text(row.get(one))), None)
                if tool is not None and run is not None:
                    return _Columns(tool, run)
    return None


def _recognise(source: Source) -> str | None:
    rows = head_rows(source)
    found = _columns(rows)
    if found is None and source.shape == "lines" and any(_has(one, RUNS) for one in rows):
        # Runs that have begun, of a fleet: their first calls stand below.
        found = _columns([row for _, row in islice(numbered_rows(source), _SOUGHT)])
    return None if found is None else f"a call a line, with {found.run} and {found.tool}"


def lacking(source: Source) -> str | None:
    """Return in words what the first lines lack to be calls; None where it is no such file."""
    rows = head_rows(source)
    if len(rows[0] if rows else ()) < 2 or _columns(rows):
        return None
    names = list(dict.fromkeys(name for row in rows for name in row if name))
    lacks = [] if any(_has(row, TOOLS) for row in rows) else ["a tool (tool, tool_name)"]
    if not any(_has(row, (*RUNS, *AGENTS)) for row in rows):
        lacks.append("a run (run_id, session_id, trace_id, ...) or agent")
    lacks = lacks or ["a line with both a tool and a run or agent"]
    shown = ", ".join(names[:_NAMED]) + (", ..." if names[_NAMED:] else "")
    return f"as a call a line (calls) it lacks {' and '.join(lacks)}: its fields are {shown}"


def _has(row: dict[str, Any], names: Iterable[str]) -> bool:
    return any(name in row for name in names)


def _read(source: Source) -> Reading:
    head = head_rows(source)
    columns = _columns(head)
    kinds = any(kind_of(row).said for row in head)
    tools: tuple[str, ...] = TOOLS
    if columns is not None and columns.tool == NAME:
        tools = (NAME,)
    found: dict[Names, Sequence] = {}
    told: dict[Names, list[Told]] = {}
    odd: set[str] = set()
    homeless, unnamed, has_tools, first = list[int](), 0, False, list[int]()
    for number, row in numbered_rows(source):
        if not has_tools:
            first.append(number)
            has_tools = _has(row, tools)
        run, agent = first_text(row, RUNS), first_text(row, AGENTS)
        kind = kind_of(row)
        of_tool = tools is TOOLS or not kinds or kind.of_tool
        tool = first_text(row, tools) if of_tool else None
        if tool is None and kind.ends and kind.of_tool and kind.call_of(row):
            tool = ""  # of the call that began under this id
        if run is None and (tool is None or agent is None):
            homeless += [number] if tool else []
            continue  # what is neither of a run nor a call says nothing
        unnamed += run is None
        key = agent, run
        found.setdefault(key, Sequence(run or agent, agent))
        of_run = told.setdefault(key, [])
        if tool is not None:  # a line without a tool is a run that called nothing
            step = step_of(tool, row, kind, agent, odd)
            of_run.append(Told(step, kind.begins, kind.ends))
    if not has_tools:
        raise BadInput(
            f"{source.path}: {_listed(first)}: no field for a tool; name it tool or tool_name"
        )
    if homeless:
        raise BadInput(
            f"{source.path}: {_listed(homeless)}: a tool, and neither run nor agent; give both "
            "(run_id, agent)"
        )
    _adopt(found, told)
    return _reading(found, told, odd, unnamed, tools)


def _reading(
    found: dict[Names, Sequence],
    told: dict[Names, list[Told]],
    odd: set[str],
    unnamed: int,
    tools: tuple[str, ...],
) -> Reading:
    untimed = [key for key, of_run in told.items() if not _in_order_of_time(of_run)]
    for key, of_run in told.items():
        found[key].steps = paired(of_run)
    sequences = list(found.values())
    has_ends = any(one.ends for of_run in told.values() for one in of_run)
    if not odd:
        call_others_good([step for one in sequences for step in one.steps], has_ends)
    reading = Reading("tool_calls", "file order" if untimed else "time", sequences)
    times = [step.time for one in sequences for step in one.steps]
    reading.time_unit = _unit(times)
    if untimed and any(time is not None for time in times):
        unread = (one for one in times if one is not None and nanoseconds(one, "s") is None)
        example = next(unread, None)
        reading.warnings.append(
            f"{len(untimed)} runs have calls without a time that can be read"
            f"{'' if example is None else f' (as {example!r})'}: these keep the order of their "
            "lines; a time is ISO 8601 (2026-03-04T10:00:00Z), or s, ms, us or ns since 1970"
        )
    reading.warnings += drop_repeats(sequences)
    if unnamed:
        reading.warnings.append(
            f"{unnamed} lines name no run: all such calls of an agent count as one; give run"
        )
    if odd:
        reading.warnings.append(
            f"status {', '.join(map(repr, sorted(odd)[:3]))} says neither that a call failed nor "
            "that it worked: not read; give error, true or false"
        )
    if tools is not TOOLS:
        reading.warnings.append("no field is called tool: name was taken for it; rename the other")
    return reading


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(f"{one:,}" for one in numbers[:_NAMED])
    more = len(numbers) - _NAMED
    line = "line" if len(numbers) == 1 else "lines"
    return f"{line} {shown}{f' and {more:,} more' if more > 0 else ''}"


def _adopt(found: dict[Names, Sequence], told: dict[Names, list[Told]]) -> None:
    """Give calls that name their run alone to the agent that another line of the run names."""
    agents: dict[str | None, list[Names]] = {}
    for agent, run in found:
        if agent is not None and run is not None:
            agents.setdefault(run, []).append((agent, run))
    for key in [key for key in found if key[0] is None]:
        owners = agents.get(key[1], [])
        if len(owners) == 1:
            agent = owners[0][0]
            for one in told[key]:
                one.step.agent = agent
            told[owners[0]] += told.pop(key)
            del found[key]


def _in_order_of_time(of_run: list[Told]) -> bool:
    """Put a run's events into the order of their times; say whether all have one."""
    numbers = [_number(one.step.time) for one in of_run]
    if None in numbers:
        numbers = [nanoseconds(one.step.time, "s") for one in of_run]
    known = [one for one in numbers if one is not None]
    if len(known) < len(numbers):
        return False
    order = sorted(range(len(known)), key=known.__getitem__)  # equal times: as in the file
    of_run[:] = [of_run[place] for place in order]
    return True


def _unit(times: list[str | None]) -> str | None:
    """Return the unit of times that are numbers; None: seconds, or no numbers."""
    number = next((one for one in map(_number, times) if one is not None), None)
    if number is None:
        return None
    return next((name for least, name in _UNITS if number >= least), None)


def _number(written: str | None) -> Decimal | int | None:
    try:
        number = Decimal(written or "")
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


CALL_LINES = Format("calls", "a call a line", _recognise, _read)
