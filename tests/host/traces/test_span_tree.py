"""Spans in any order and any number of times are the same trace, whatever carries them."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.traces.detection import read_trace
from consilience.traces.span import Span, attributes_of, nanoseconds
from consilience.traces.span_tree import reading_of

DATA = Path(__file__).parent / "data"


def lists_of_spans(value):
    """Return the lists of spans in a file, by reference."""
    if isinstance(value, list):
        return [value]
    if "observations" in value:
        return [value["observations"]]
    if "data" in value:
        return [trace["spans"] for trace in value["data"]]
    batches = value.get("resourceSpans") or value["batches"]
    keys = ("scopeSpans", "instrumentationLibrarySpans")
    return [scope["spans"] for batch in batches for key in keys for scope in batch.get(key, [])]


@pytest.mark.parametrize(
    "name",
    ["otlp_nested.json", "otlp_no_tools.json", "tempo_batches.json", "jaeger.json",
     "spans_two_instrumentations.json", "langfuse.json"],
)  # fmt: skip
def test_shuffled_and_repeated_spans_change_nothing(name, tmp_path):
    expected = read_trace(DATA / name).reading.as_json()
    chance = random.Random(name)
    path = tmp_path / "shuffled.json"
    for _ in range(20):
        value = json.loads((DATA / name).read_text())
        for spans in lists_of_spans(value):
            spans += chance.choices(spans, k=chance.randrange(4))
            chance.shuffle(spans)
        path.write_text(json.dumps(value))
        assert read_trace(path).reading.as_json() == expected


@pytest.mark.parametrize("name", ["otlp_lines.jsonl", "atof.jsonl", "spans_of_a_table.jsonl"])
def test_shuffled_and_repeated_lines_change_nothing(name, tmp_path):
    expected = read_trace(DATA / name).reading.as_json()["sequences"]
    chance = random.Random(name)
    path = tmp_path / name
    for _ in range(20):
        lines = (DATA / name).read_text().splitlines()
        lines += chance.choices(lines, k=3)
        chance.shuffle(lines)
        path.write_text("\n".join(lines))
        assert read_trace(path).reading.as_json()["sequences"] == expected


@pytest.mark.parametrize(
    "name",
    ["langsmith.json", "weave.jsonl", "datadog.json", "braintrust.jsonl", "opik.json",
     "openai_agents.jsonl", "spans_of_go.jsonl", "spans_of_clickhouse.jsonl", "mlflow.json",
     "otlp_snake.json", "jaeger_document.jsonl", "langfuse_batch.json", "langfuse_stored.jsonl"],
)  # fmt: skip
def test_rows_of_every_service_may_come_in_any_order_and_again(name, tmp_path):
    """Also as reports of spans that had not ended, before or after those that had."""
    expected = read_trace(DATA / name).reading.as_json()["sequences"]
    chance = random.Random(name)
    path = tmp_path / name
    text = (DATA / name).read_text()
    lines = name.endswith(".jsonl")
    for _ in range(10):
        value = [json.loads(line) for line in text.splitlines()] if lines else json.loads(text)
        for rows in rows_in(value):
            late = [unfinished(row) for row in rows if chance.random() < 0.5]
            rows += chance.choices(rows, k=2) + [row for row in late if row is not None]
            chance.shuffle(rows)
        path.write_text("\n".join(map(json.dumps, value)) if lines else json.dumps(value))
        assert read_trace(path).reading.as_json()["sequences"] == expected


ENDS = ("end_time", "ended_at", "EndTime", "endTime", "end_time_unix_nano", "outputs", "output",
        "error", "error_info", "exception", "duration", "Duration", "status", "Status",
        "StatusCode", "level")  # fmt: skip


def unfinished(row):
    """Return what was reported of a span before it ended."""
    if not any(key in row for key in ENDS) or "traceID" in row.get("_source", {}):
        return None
    return {key: held for key, held in row.items() if key not in ENDS}


def rows_in(value):
    """Return the lists of rows in a file, by reference."""
    if isinstance(value, list):
        return [value, *(found for row in value for found in below(row))]
    return below(value)


def below(value):
    found = []
    for held in value.values() if isinstance(value, dict) else []:
        if isinstance(held, list) and held and isinstance(held[0], dict) and (
            {"id", "span_id", "trace_id"} & held[0].keys() and "key" not in held[0]
        ):  # fmt: skip
            found.append(held)
        elif isinstance(held, list):
            found += [one for item in held for one in below(item)]
        else:
            found += below(held)
    return found


IDS = st.sampled_from(["", "00", "1", "2", "3", "4", "5"])
ATTRIBUTES = st.sampled_from([
    {},
    {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "f"},
    {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "f", "gen_ai.tool.call.id": "c"},
    {"openinference.span.kind": "TOOL", "tool.name": "f", "session.id": "s"},
    {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"},
    {"gen_ai.operation.name": "chat", "gen_ai.conversation.id": "t"},
    {"vendor.thread_id": "v", "mcp.session.id": "other"},
])  # fmt: skip


@st.composite
def spans(draw):
    start = draw(st.integers(0, 3))
    return Span(
        trace=draw(st.sampled_from(["", "0000", "a", "b"])),
        span=draw(IDS),
        parent=draw(IDS),
        name=draw(st.sampled_from(["x", "y"])),
        start=start,
        time=str(start),
        ended=draw(st.booleans()),
        error=draw(st.booleans()),
        attributes=draw(ATTRIBUTES),
    )


@given(st.lists(spans(), max_size=12), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=100)
def test_any_forest_reads_alike_in_any_order(forest, chance):
    expected = reading_of(forest, "", "").as_json()
    other = forest + chance.choices(forest, k=3) if forest else []
    chance.shuffle(other)
    assert reading_of(other, "", "").as_json() == expected


def test_the_nearest_key_of_the_best_kind_names_the_conversation():
    def span(identity, parent, attributes, trace="t"):
        return Span(trace, identity, parent, "f", int(identity), identity, True, False, attributes)

    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "f"}

    def named(*others, own=None, trace="t"):
        forest = [span("9", "8", tool | (own or {}), trace), *others]
        return [one.conversation for one in reading_of(forest, "", "").sequences]

    assert named() == [None]
    assert named(own={"app.session_id": "v"}) == ["v"]
    assert named(own={"mcp.session.id": "m", "db.session_id": "d"}) == [None]
    above = span("8", "7", {"session.id": "s"})
    assert named(above, own={"app.session_id": "v"}) == ["s"]
    assert named(above, span("7", "", {"session.id": "far"})) == ["s"]
    assert named(above, span("1", "", {"gen_ai.conversation.id": "c"})) == ["c"]
    assert named(above, own={"gen_ai.conversation.id": "own"}) == ["own"]
    zeros = span("1", "", {"gen_ai.conversation.id": "c"}, trace="00")
    assert named(zeros, trace="00") == [None]  # ids of zeros join nothing


@pytest.mark.parametrize("between", ["invoke_agent", "chat", None])
def test_a_tool_below_its_like_is_another_call_only_if_something_asked_for_it(between):
    def span(identity, parent, operation, call_id=None):
        attributes = {"gen_ai.operation.name": operation} if operation else {}
        if operation == "execute_tool":
            attributes |= {"gen_ai.tool.name": "f", "gen_ai.tool.call.id": call_id}
        return Span("t", identity, parent, "f", int(identity), identity, True, False, attributes)

    def names(inner):
        outer, middle = span("1", "", "execute_tool", "a"), span("2", "1", between)
        reading = reading_of([outer, middle, span("3", "2", "execute_tool", inner)], "", "")
        return [step.call_id for step in reading.sequences[0].steps]

    assert names(None) == (["a"] if between is None else ["a", None])
    assert names("a") == (["a"] if between is None else ["a", "a"])
    assert names("b") == ["a", "b"]


def test_calls_named_only_by_models_are_told():
    answer = {"gen_ai.operation.name": "chat", "gen_ai.completion.0.tool_calls.0.name": "f"}
    reading = reading_of([Span("t", "1", "", "chat", 1, "1", True, False, answer)], "", "")
    assert not reading.sequences[0].steps and "no span of a tool" in reading.warnings[0]


def test_attributes_are_plain_by_any_spelling():
    listed = [
        {"key": "a", "value": {"intValue": "3"}},
        {"key": "b", "value": {"arrayValue": {"values": [{"stringValue": "x"}]}}},
        {"key": "c", "value": {"kvlistValue": {"values": [{"key": "d", "value": {}}]}}},
        {"key": "e", "type": "string", "value": "plain"},
        {"value": {"stringValue": "nameless"}},
        "none",
    ]
    assert attributes_of(listed) == {"a": "3", "b": ["x"], "c": {"d": None}, "e": "plain"}
    assert attributes_of({"a": {"b": {"c": 1}}, "d": {"stringValue": "x"}, "e": {}}) == {
        "a.b.c": 1,
        "d": "x",
        "e": {},
    }
    assert attributes_of("text") == {}
    for held in (7, None, "xy", {"a": 1}):  # no list of values, whatever a client sends
        assert attributes_of([{"key": "a", "value": {"arrayValue": {"values": held}}}]) == {"a": []}
    assert attributes_of([("a", 1), ("b",), {"Key": "c", "Value": {"Value": 2}}]) == {
        "a": 1,
        "c": 2,
    }


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("1700000000000000001", "ns", 1_700_000_000_000_000_001),
        (1_700_000_000_000_000_001, "ns", 1_700_000_000_000_000_001),
        ([1_700_000_000, 5], "ns", 1_700_000_000_000_000_005),
        (1_700_000_000_000_001, "us", 1_700_000_000_000_001_000),
        (1_700_000_000.25, "s", 1_700_000_000_250_000_000),
        ("2023-11-14T22:13:20Z", "ns", 1_700_000_000_000_000_000),
        ("2023-11-14 23:13:20.000001+01:00", "ns", 1_700_000_000_000_001_000),
        ("2023-11-14 22:13:20", "s", 1_700_000_000_000_000_000),
        (0, "ns", None),
        (None, "ns", None),
        (True, "ns", None),
        ("soon", "ns", None),
        ("nan", "ns", None),
    ],
)
def test_times_are_read_without_loss(value, unit, expected):
    assert nanoseconds(value, unit) == expected
