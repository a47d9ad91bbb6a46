"""Metrics as CSV: a column of times, and columns of values."""

import csv
import math

from consilience.errors import BadInput
from consilience.field_names import RUNS, first_of
from consilience.numbers.number_text import is_number
from consilience.traces.call_fields import TOOLS
from consilience.traces.format import Format
from consilience.traces.source import Source
from consilience.traces.span import nanoseconds
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["METRIC_TABLE"]

_TIMES = {"timestamp", "time", "datetime", "date", "ts"}
_INDEXES = {"", "index", "unnamed: 0"}
_GAPS = {"", "nan", "na", "null", "none"}


def _recognise(source: Source) -> str | None:
    if source.shape != "text":
        return None
    lines = source.first_lines(2)
    header = _header(lines[0])
    place = _place(header)
    if len(lines) < 2 or place is None or len(header) < 2:
        return None
    if first_of(TOOLS, header) and first_of(RUNS, header):
        return None  # calls, whose first column is their time
    first = next(csv.reader(lines[1:], delimiter=_delimiter(lines[0])))
    if len(first) != len(header) or nanoseconds(first[place], "s") is None:
        return None
    return f"columns {header[place]} and {header[place + 1 if place + 1 < len(header) else 0]}"


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _header(line: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([line], delimiter=_delimiter(line)))]


def _place(header: list[str]) -> int | None:
    """Return where the times are: in the first column, or behind an index."""
    for place, name in enumerate(header[:2]):
        if name.lower() in _TIMES:
            return place
        if name.lower() not in _INDEXES:
            return None
    return None


def _read(source: Source) -> Reading:
    delimiter = _delimiter(source.first_lines(1)[0])
    with source.open_text() as file:
        rows = csv.reader(file, delimiter=delimiter)
        header = [name.strip() for name in next(rows)]
        place = _place(header) or 0
        names = header[place + 1 :]
        columns: list[list[tuple[int, str, float]]] = [[] for _ in names]
        words: set[str] = set()
        gaps = 0
        for row in rows:
            if not row:
                continue
            moment = nanoseconds(row[place], "s") if len(row) == len(header) else None
            if moment is None:
                raise BadInput(
                    f"{source.path}: line {rows.line_num} has no time and values; correct it"
                )
            for name, column, value in zip(names, columns, row[place + 1 :], strict=True):
                if value.strip().lower() in _GAPS:
                    gaps += bool(value.strip())
                elif name not in words:
                    if not column and not is_number(value):
                        words.add(name)  # of labels, from its first row on
                        continue
                    number = _number(source, rows.line_num, value)
                    column.append((moment, row[place], number))
    if not any(columns):
        raise BadInput(f"{source.path}: has no column of numbers; give a metric, or name --format")
    sequences = [
        _series(source.stem if name.lower() == "value" else name, points)
        for name, points in zip(names, columns, strict=True)
        if points
    ]
    reading = Reading("metrics", "timestamp", sequences, "as in the file")
    if words:
        reading.warnings.append(f"no numbers in {', '.join(sorted(words))}: left out")
    if gaps:
        reading.warnings.append(f"{gaps} values are written as none: left out")
    return reading


def _number(source: Source, line: int, value: str) -> float:
    number = float(value) if is_number(value) else math.nan
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
