"""Metrics of CloudWatch: get-metric-statistics and get-metric-data as printed, metric streams."""

import json
from typing import Any

from consilience.errors import BadInput
from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, sequence, text
from consilience.traces.source import Source
from consilience.traces.span import nanoseconds
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["CLOUDWATCH"]

_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def _recognise(source: Source) -> str | None:
    if source.shape in ("json", "lines"):
        for value in source.head:
            if _is_streamed(value):
                return "the key metric_stream_name"
            for key in ("Datapoints", "MetricDataResults"):
                if isinstance(mapping(value).get(key), list):
                    return f"the key {key}"
    return None


def _read(source: Source) -> Reading:
    reading = Reading("metrics", "timestamp", [], "ISO 8601")
    streamed: dict[tuple[str, str, str], Sequence] = {}
    for value in source.values():
        if _is_streamed(value):
            reading.time_unit = "unix ms"
            _add_streamed(source, value, streamed)
            continue
        reading.sequences += _statistics(source, mapping(value))
        for result in dicts(mapping(value).get("MetricDataResults")):
            reading.sequences.append(_result(source, result))
            if result.get("StatusCode") not in (None, "Complete"):
                reading.warnings.append(f"{result.get('Label')}: {result['StatusCode']}")
    for one in streamed.values():
        one.steps.sort(key=lambda step: nanoseconds(step.time, "ms") or 0)
    reading.sequences += streamed.values()
    return reading


def _is_streamed(value: Any) -> bool:
    return isinstance(value, dict) and "metric_stream_name" in value and "metric_name" in value


def _add_streamed(
    source: Source, value: dict[str, Any], found: dict[tuple[str, str, str], Sequence]
) -> None:
    """Add a line of a metric stream: four statistics of a minute."""
    label, dimensions = text(value.get("metric_name")) or "", mapping(value.get("dimensions"))
    for statistic, score in mapping(value.get("value")).items():
        key = (label, json.dumps(dimensions, sort_keys=True), statistic)
        extra = {"label": label, "dimensions": dimensions, "stat": statistic,
                 "unit": value.get("unit")}  # fmt: skip
        step = Step(label, time=_time(source, value.get("timestamp")), score=score)
        found.setdefault(key, Sequence(None, extra=extra)).steps.append(step)


def _statistics(source: Source, value: dict[str, Any]) -> list[Sequence]:
    label = text(value.get("Label")) or ""
    found: dict[str, list[Step]] = {}
    units: dict[str, Any] = {}
    for point in dicts(value.get("Datapoints")):
        held = {key: point[key] for key in _STATISTICS if key in point}
        for statistic, score in (held | mapping(point.get("ExtendedStatistics"))).items():
            step = Step(label, time=_time(source, point.get("Timestamp")), score=score)
            found.setdefault(statistic, []).append(step)
            units[statistic] = point.get("Unit")
    return [
        Sequence(
            None,
            steps=_ordered(steps),
            extra={"label": label, "stat": statistic, "unit": units[statistic]},
        )
        for statistic, steps in found.items()
    ]


def _result(source: Source, result: dict[str, Any]) -> Sequence:
    label = text(result.get("Label")) or text(result.get("Id")) or ""
    times, scores = sequence(result.get("Timestamps")), sequence(result.get("Values"))
    if len(times) != len(scores):
        raise BadInput(
            f"{source.path}: {label} has {len(times)} timestamps and {len(scores)} values; "
            "ask for the metric again"
        )
    steps = [
        Step(label, time=_time(source, time), score=score)
        for time, score in zip(times, scores, strict=True)
    ]
    return Sequence(None, steps=_ordered(steps), extra={"id": result.get("Id"), "label": label})


def _time(source: Source, value: Any) -> str:
    written = text(value)
    if written is None or nanoseconds(written, "s") is None:
        raise BadInput(f"{source.path}: {value!r} is no timestamp; ask for the metric again")
    return written


def _ordered(steps: list[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: nanoseconds(step.time, "s") or 0)


CLOUDWATCH = Format("cloudwatch", "CloudWatch metrics", _recognise, _read)
