"""Scores of steps as CSV, Parquet or JSON lines: agent, run, step, score, and how it ended."""

import math
from collections.abc import Iterator
from typing import Any

from consilience.errors import BadInput
from consilience.field_names import first_of
from consilience.traces.format import Format
from consilience.traces.json_values import first_text, text
from consilience.traces.source import Source
from consilience.traces.steps import Reading, Sequence, Step
from consilience.traces.table_rows import column_names, rows_of, written

__all__ = ["SCORE_TABLE"]

_RUNS = ("run", "run_id", "trajectory", "trajectory_id", "uq_problem_idx", "conversation",
         "conversation_id", "session", "session_id")  # fmt: skip
_AGENTS = ("agent", "agent_id")
_STEPS = ("step", "step_id", "step_idx", "num_steps", "turn")
_SCORES = ("score", "judge_probability")
_TIMES = ("at", "timestamp", "time")
_TOOLS = ("tool", "tool_name", "event")
_OUTCOMES = ("solved", "success", "correct")
_TOOLS_SO_FAR = "tools_called"


def _columns(source: Source) -> list[str]:
    if source.shape not in ("json", "lines"):
        return column_names(source)
    first = source.head[0]
    if isinstance(first, list):
        first = first[0] if first else None
    return list(first) if isinstance(first, dict) else []


def _one(columns: list[str], names: tuple[str, ...]) -> str | None:
    return first_of(names, columns)


def _recognise(source: Source) -> str | None:
    columns = _columns(source)
    score, run = _one(columns, _SCORES), _one(columns, _RUNS) or _one(columns, _AGENTS)
    return f"columns {run} and {score}" if score is not None and run is not None else None


def _rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    if source.shape not in ("json", "lines"):
        yield from rows_of(source)
    else:
        for number, value in source.numbered():
            for row in value if isinstance(value, list) else [value]:
                if isinstance(row, dict):
                    yield number, row


def _read(source: Source) -> Reading:
    columns = _columns(source)
    run, agent = _one(columns, _RUNS), _one(columns, _AGENTS)
    score, step = _one(columns, _SCORES), _one(columns, _STEPS)
    outcome, tools = _one(columns, _OUTCOMES), _TOOLS_SO_FAR in columns
    named_tools = [one for one in (_one(columns, (name,)) for name in _TOOLS) if one]
    times = [one for one in (_one(columns, (name,)) for name in _TIMES) if one]
    found: dict[tuple[str | None, str | None], tuple[Sequence, list[tuple[float, Step]]]] = {}
    seen: dict[tuple[str | None, str | None, float | None], list[Step]] = {}
    in_order, missing, repeated, differing = True, 0, 0, 0
    for number, row in _rows(source):
        named = text(row.get(run)) if run else None
        actor = text(row.get(agent)) if agent else None
        if named is None and actor is None:
            raise BadInput(f"{source.path}: line {number} names no run; give each row one")
        sequence, steps = found.setdefault((named, actor), (Sequence(named or actor, actor), []))
        place = _number(source, number, row.get(step)) if step else None
        value = _number(source, number, row.get(score or ""))
        missing += value is None
        position = float(len(steps)) if place is None else place
        in_order = in_order and (not steps or steps[-1][0] <= position)
        one = Step(first_text(row, named_tools) or "step", time=first_text(row, times), score=value)
        same = seen.setdefault((named, actor, place), []) if place is not None else []
        if one in same:
            repeated += 1
            continue
        differing += bool(same)
        same.append(one)
        steps.append((position, one))
        if outcome:
            sequence.extra[outcome] = _truth(row.get(outcome))
        if tools and position >= max(place for place, _ in steps):
            sequence.extra["tools"] = _listed(row.get(_TOOLS_SO_FAR))
    for sequence, steps in found.values():
        steps.sort(key=lambda pair: pair[0])
        sequence.steps = [one for _, one in steps]
    reading = Reading("scores", step or "row order", [one for one, _ in found.values()])
    reading.extra = {"step_column": step, "rows_in_step_order": in_order,
                     "trajectories": len(found)}  # fmt: skip
    if outcome:
        reading.extra[outcome] = sum(one.extra.get(outcome) is True for one, _ in found.values())
    if repeated:
        reading.warnings.append(f"{repeated} rows are written twice, and count once")
    if differing:
        reading.warnings.append(
            f"{differing} rows have the run and the {step} of another one, and another score: each "
            "counts as a step; keep one of them, or name their runs apart"
        )
    if missing:
        reading.warnings.append(f"{missing} rows have no score")
    return reading


def _number(source: Source, line: int, value: Any) -> float | None:
    """Return a number; None where there is none."""
    written = text(value)
    if written is None or not written.strip():
        return None
    try:
        number = float(written)
    except ValueError:
        raise BadInput(
            f"{source.path}: line {line}: {written!r} is no number; correct it"
        ) from None
    return None if math.isnan(number) else number


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool) or value is None:
        return value
    return {"true": True, "1": True, "1.0": True, "false": False, "0": False,
            "0.0": False}.get(str(value).strip().lower())  # fmt: skip


def _listed(value: Any) -> list[Any]:
    """Return a list, or what a string writes as one."""
    value = written(value)
    return value if isinstance(value, list) else []


SCORE_TABLE = Format("scores", "table of scores", _recognise, _read)
