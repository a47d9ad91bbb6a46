"""Metrics as CSV: a column of times, and columns of values."""

import csv
import math

from consilience.errors import BadInput
from consilience.traces.format import Format
from consilience.traces.source import Source
from consilience.traces.span import nanoseconds
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["METRIC_TABLE"]

_TIMES = {"timestamp", "time", "datetime", "date", "ts"}


def _recognise(source: Source) -> str | None:
    if source.shape != "text":
        return None
    lines = source.first_lines(2)
    header = [name.strip().lower() for name in next(csv.reader(lines[:1]))]
    if len(lines) < 2 or header[0] not in _TIMES or len(header) < 2:
        return None
    first = next(csv.reader(lines[1:]))
    if nanoseconds(first[0], "s") is None or len(first) != len(header):
        return None
    return f"columns {header[0]} and {header[1]}"


def _read(source: Source) -> Reading:
    with source.open_text() as file:
        rows = csv.reader(file)
        header = [name.strip() for name in next(rows)]
        columns: list[list[tuple[int, str, float]]] = [[] for _ in header[1:]]
        for row in rows:
            if not row:
                continue
            moment = nanoseconds(row[0], "s")
            if moment is None or len(row) != len(header):
                raise BadInput(
                    f"{source.path}: line {rows.line_num} has no time and values; correct it"
                )
            for column, value in zip(columns, row[1:], strict=True):
                if value.strip():
                    column.append((moment, row[0], _number(source, rows.line_num, value)))
    sequences = [
        _series(source.stem if name.lower() == "value" else name, points)
        for name, points in zip(header[1:], columns, strict=True)
        if points
    ]
    return Reading("metrics", "timestamp", sequences, "as in the file")


def _number(source: Source, line: int, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadInput(f"{source.path}: line {line}: {value!r} is no finite number; correct it")
    return number


def _series(name: str, points: list[tuple[int, str, float]]) -> Sequence:
    times = [moment for moment, _, _ in points]
    ordered = sorted(points, key=lambda point: point[0])
    values = [value for _, _, value in ordered]
    extra = {
        "name": name,
        "n": len(points),
        "first": list(ordered[0][1:]),
        "last": list(ordered[-1][1:]),
        "min": min(values),
        "max": max(values),
        "sum": math.fsum(values),
        "in_time_order": times == sorted(times),
        "duplicate_timestamps": len(times) - len(set(times)),
    }
    steps = [Step(name, time=time, score=value) for _, time, value in ordered]
    return Sequence(None, steps=steps, extra=extra)


METRIC_TABLE = Format("metrics-csv", "CSV of a metric", _recognise, _read)
