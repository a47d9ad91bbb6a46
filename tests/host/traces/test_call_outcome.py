"""Whether a call failed, in all the ways in which logs say it."""

import json

import pytest

from consilience.traces.call_outcome import failed_of
from consilience.traces.detection import read_trace

BOTH = {
    "an object, or none": ({"error": {"message": "boom", "code": 500}}, {"error": None}),
    "an object, or nothing in it": ({"error": {"message": "boom"}}, {"error": {"message": ""}}),
    "a list": ({"errors": ["boom"]}, {"errors": []}),
    "an exception's parts": ({"exception": {"type": "ValueError"}}, {"exception": None}),
    "a code": ({"error_code": "E42"}, {"error_code": 0}),
    "a message": ({"errorMessage": "boom"}, {"errorMessage": ""}),
    "a table with gaps": ({"error": "1.0"}, {"error": "0.0"}),
    "the result's own flag": ({"result": {"isError": True}}, {"result": {"isError": False}}),
    "the result's own error": ({"result": {"error": "no such file"}}, {"result": {"ok": True}}),
    "an exit code": ({"exit_code": 1}, {"exit_code": 0}),
    "a signal": ({"returncode": -9}, {"returncode": "0"}),
    "a flag for a status": ({"status": False}, {"status": True}),
    "a number of HTTP": ({"http_status": 503}, {"http_status": 204}),
    "a sentence": ({"status": "request timed out after 30 s"}, {"status": "completed in 2 s"}),
    "a result that is a word": ({"result": "error"}, {"output": "OK"}),
    "a state": ({"state": "FAILED"}, {"state": "SUCCEEDED"}),
    "a kind of event beside an empty error": (
        {"event": "tool_failed", "error": None},
        {"event": "tool_result", "error": None},
    ),
    "an exit code that is none": ({"exit_code": "1.0"}, {"exit_code": "nan", "error": ""}),
    "an error beside an empty flag": ({"error": "x", "success": None}, {"error": "", "ok": 1}),
    "a status beside an empty error": ({"error": None, "status": "failed"}, {"error": None}),
}


@pytest.mark.parametrize("name", BOTH)
def test_failed_and_worked(name, tmp_path):
    lines = [
        {"agent": "a", "run": 1, "tool": "x", "ts": place, **fields}
        for place, fields in enumerate(BOTH[name])
    ]
    file = tmp_path / "calls.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    read = read_trace(file).reading
    assert [step.error for one in read.sequences for step in one.steps] == [True, False]
    assert not read.warnings


@pytest.mark.parametrize(
    "failing",
    [{"error": {"message": "boom"}}, {"level": "error"}, {"severity": "CRITICAL"}, {"failed": 1}],
    ids=str,
)
def test_where_failures_alone_are_named_the_others_worked(failing, tmp_path):
    rows = [{"run": 1, "tool": "x", "ts": place} for place in range(3)]
    rows[1] |= failing
    file = tmp_path / "calls.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    read = read_trace(file).reading
    assert [step.error for step in read.sequences[0].steps] == [False, True, False]


def test_a_call_without_its_end_has_not_worked_yet(tmp_path):
    told = [("tool_start", "x"), ("tool_end", "x"), ("tool_start", "y"), ("tool_end", "y"),
            ("tool_start", "z")]  # fmt: skip
    rows = [
        {"run": 1, "event": event, "tool": tool, "ts": place, "error": None}
        for place, (event, tool) in enumerate(told)
    ]
    rows[3]["error"] = "boom"
    file = tmp_path / "calls.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    steps = read_trace(file).reading.sequences[0].steps
    assert [(step.name, step.error) for step in steps] == [("x", False), ("y", True), ("z", None)]


@pytest.mark.parametrize(
    ("fields", "begins"),
    [
        ({}, False),
        ({"error": None}, True),
        ({"error": None, "result": None}, False),
        ({"result": "error in line 3 of the log"}, False),
        ({"result": {"errors": 3, "rows": 10}}, False),
        ({"level": "info"}, False),
        ({"state": "CA"}, False),
        ({"status": "running"}, False),
        ({"success": None}, False),
    ],
    ids=str,
)
def test_nothing_says_so(fields, begins):
    odd = set()
    assert failed_of(fields, odd, begins=begins) is None
    assert not odd


@pytest.mark.parametrize("status", ["CA", "not failed", 1, "7"])
def test_a_status_that_says_neither_is_told(status):
    odd = set()
    assert failed_of({"status": status}, odd) is None
    assert odd == {str(status)}
