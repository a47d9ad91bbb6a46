"""Metrics of Prometheus: answers of its query API, and the text that it scrapes."""

import re
from collections.abc import Iterator
from typing import Any

from consilience.errors import BadInput
from consilience.traces.format import Format
from consilience.traces.json_values import dicts, mapping, sequence, text
from consilience.traces.source import Source
from consilience.traces.span import nanoseconds
from consilience.traces.steps import Reading, Sequence, Step

__all__ = ["PROMETHEUS_QUERY", "PROMETHEUS_TEXT"]

_SAMPLE = re.compile(
    r"""\s*(?P<series>(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
        (?:\s*\{(?P<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?)
        \s+(?P<value>[-+]?(?:[0-9.]+(?:[eE][-+]?[0-9]+)?|[Ii]nf(?:inity)?|[Nn]a[Nn]))
        (?:\s+(?P<timestamp>-?[0-9.]+))?\s*(?:\#.*)?$""",
    re.VERBOSE,
)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"')
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


def _data(value: Any) -> dict[str, Any]:
    data = mapping(mapping(value).get("data"))
    return data if "resultType" in data and isinstance(data.get("result"), list) else {}


def _recognise_query(source: Source) -> str | None:
    if source.shape in ("json", "lines") and any(_data(value) for value in source.head):
        return "the keys data.resultType and data.result"
    return None


def _read_query(source: Source) -> Reading:
    reading = Reading("metrics", "timestamp", [], "unix s (float)")
    for value in source.values():
        data = _data(value)
        reading.extra.setdefault("resultType", data.get("resultType"))
        results = data.get("result")
        if data.get("resultType") in ("scalar", "string"):
            results = [{"metric": {}, "value": results}]
        for result in dicts(results):
            labels = mapping(result.get("metric"))
            name = text(labels.get("__name__")) or ""
            pairs = [*sequence(result.get("values")), result.get("value")]
            points = [pair for pair in pairs if isinstance(pair, list) and len(pair) == 2]
            for time, _ in points:
                if nanoseconds(time, "s") is None:
                    raise BadInput(f"{source.path}: {time!r} is no time; ask for {name} again")
            points.sort(key=lambda pair: nanoseconds(pair[0], "s") or 0)
            steps = [Step(name, time=text(time), score=score) for time, score in points]
            reading.sequences.append(Sequence(None, steps=steps, extra={"labels": labels}))
    return reading


def _recognise_text(source: Source) -> str | None:
    if source.shape != "text":
        return None
    lines = source.first_lines(20)
    comments = [line for line in lines if line.startswith(("# HELP ", "# TYPE "))]
    samples = [line for line in lines if not line.startswith("#")]
    if comments and all(map(_SAMPLE.match, samples)):
        return "comments HELP and TYPE"
    if samples and all("{" in line and _SAMPLE.match(line) for line in samples):
        return "lines of name{labels} value"
    return None


def _read_text(source: Source) -> Reading:
    reading = Reading("metrics", "line order", [], "unix ms")
    types: dict[str, str] = {}
    families, unread = set(), 0
    for line in _lines(source):
        words = line.split(None, 3)
        if words[0] == "#":
            if len(words) > 2 and words[1] in ("HELP", "TYPE"):
                families.add(words[2])
                if words[1] == "TYPE" and len(words) > 3:
                    types[words[2]] = words[3].strip()
            continue
        found = _SAMPLE.match(line)
        if found is None:
            unread += not line.startswith("#")
            continue
        name, value, timestamp = found["name"], found["value"], found["timestamp"]
        family = _family(name, types)
        families.add(family)
        extra = {"series": found["series"], "labels": _labels(found["labels"]),
                 "type": types.get(family), "value": value, "timestamp": timestamp}  # fmt: skip
        step = Step(name, time=timestamp, score=value)
        reading.sequences.append(Sequence(None, steps=[step], extra=extra))
    steps = [one.steps[0] for one in reading.sequences]
    reading.extra = {
        "families": len(families),
        "samples": len(steps),
        "samples_with_timestamp": sum(step.time is not None for step in steps),
        "distinct_sample_names": len({step.name for step in steps}),
        "types": {kind: list(types.values()).count(kind) for kind in sorted(set(types.values()))},
    }
    if unread:
        reading.warnings.append(f"{unread} lines are no samples and were left out")
    return reading


def _lines(source: Source) -> Iterator[str]:
    with source.open_text() as file:
        for line in file:
            if line.strip():
                yield line


def _family(name: str, types: dict[str, str]) -> str:
    """Return the family of a sample: histograms and summaries have several names."""
    if name not in types:
        for suffix in ("_bucket", "_sum", "_count", "_total", "_created"):
            if name.removesuffix(suffix) in types:
                return name.removesuffix(suffix)
    return name


def _labels(written: str | None) -> dict[str, str]:
    found = _LABEL.findall(written or "")
    return {
        name: re.sub(r'\\[n"\\]', lambda match: _ESCAPES[match[0]], value) for name, value in found
    }


PROMETHEUS_QUERY = Format("prometheus-query", "Prometheus query result", _recognise_query,
                          _read_query)  # fmt: skip
PROMETHEUS_TEXT = Format("prometheus-text", "Prometheus text", _recognise_text, _read_text)
