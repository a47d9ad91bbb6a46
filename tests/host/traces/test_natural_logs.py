"""Logs as people write them: events of runs between calls, other names, nested, packed, cut."""

import gzip
import json

import pytest

from consilience.errors import BadInput
from consilience.traces import call_lines
from consilience.traces.detection import read_trace

RUN = [
    {"ts": 1, "agent": "a", "run_id": "r", "event": "run_start"},
    {"ts": 2, "agent": "a", "run_id": "r", "event": "tool", "tool": "x", "ok": True, "error": None},
    {"ts": 3, "agent": "a", "run_id": "r", "event": "tool", "tool": "y", "ok": False, "error": "T"},
    {"ts": 4, "agent": "a", "run_id": "r", "event": "run_end", "ok": True, "judge_score": 0.9},
]
AT = "2026-03-04T"


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def typed(**fields):
    return {"agent_name": "a", "session_id": "r", "type": "tool_call", **fields}


def event(kind, at, **fields):
    return {"run": "r", "agent": "a", "event": kind, "ts": at, **fields}


NATURAL = {
    "starts and ends of runs": lines(*RUN),
    "seventy runs begin before the first call": lines(
        *({**RUN[0], "run_id": f"r{one}"} for one in range(70)), *RUN
    ),
    "gz": gzip.compress(lines(*RUN)),
    "a mark of the order of bytes, and empty lines": b"\xef\xbb\xbf" + lines(*RUN[:2])
    + b"\n\n" + lines(*RUN[2:]) + b"\n",
    "names in capitals": b"Timestamp,Agent,Run ID,Tool,Error\n"
    b"2026-03-04 10:00:02,a,r,y,T\n2026-03-04 10:00:01,a,r,x,\n",
    "CSV that begins with a time": b"ts,agent,run_id,tool_name,status\n2,a,r,y,ERROR\n1,a,r,x,OK\n",
    "name and status": lines(
        typed(type="session_start", name="boot"),
        typed(name="y", status="error", time=f"{AT}10:00:01+00:00"),
        typed(name="x", status="ok", time=f"{AT}12:00:00+02:00"),
    ),
    "attributes": lines(
        {"time": "1772600000900", "attributes": {"agentId": "a", "runId": "r", "toolName": "y",
                                                 "status": "timed_out"}},
        {"time": "1772600000100", "attributes": {"agentId": "a", "runId": "r", "toolName": "x"}},
    ),
    "objects of agent, run and tool": lines(
        {"@timestamp": f"{AT}10:00:00Z", "agent": {"name": "a"}, "run": {"id": "r"},
         "tool": {"name": "x"}},
        {"@timestamp": "2026-03-04 10:00:01 UTC", "agent": {"name": "a"}, "run": {"id": "r"},
         "tool": {"name": "y"}, "event": {"outcome": "failure"}},
    ),
    "begin and end of each call": lines(
        event("tool_start", 1, tool="x"), event("tool_start", 2, tool="y", call_id="c", id=7),
        event("tool_end", 3, tool="x", status="ok", id=8), event("tool_result", 4, call_id="c",
                                                                 is_error=True),
    ),
    "the agent stands at the start alone": lines(
        {"run_id": "r", "tool": "x"}, {"event": "run_start", "run_id": "r", "agent": "a"},
        {"run_id": "r", "tool": "y", "error": "T"},
    ),
    "a list in a document": json.dumps({"events": RUN}).encode(),
}  # fmt: skip


@pytest.mark.parametrize("what", NATURAL)
def test_logs_that_a_person_writes_are_read(what, tmp_path):
    path = tmp_path / "log"
    path.write_bytes(NATURAL[what])
    read = read_trace(path)
    assert read.format.name == "calls"
    runs = [one for one in read.reading.sequences if one.steps]
    assert [(one.agent, one.conversation) for one in runs] == [("a", "r")]
    assert [(step.name, step.error is True) for step in runs[0].steps] == [
        ("x", False),
        ("y", True),
    ]
    assert read.reading.as_json() == read_trace(path, "calls").reading.as_json()


def test_a_last_line_that_is_cut_is_counted(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(lines(*RUN) + b'{"ts": 5, "agent": "a", "ru')
    assert "1 lines are no JSON objects" in read_trace(path).reading.warnings[0]


@pytest.mark.parametrize(
    ("rows", "auto", "asked"),
    [
        ([{"worker": "w", "tool": "x"}], "lacks a run (run_id", "line 1: a tool, and neither run"),
        (
            [{"run_id": "r", "op": "x"}] * 9,
            "lacks a tool",
            "lines 1, 2, 3, 4, 5, 6 and 3 more: no field",
        ),
        ([*RUN, {"tool": "x"}], "line 5: a tool, and neither", "line 5: a tool, and neither"),
        ([{"role": "user", "content": "x"}], None, "it looks like messages"),
    ],
)
def test_what_is_lacking_is_named_and_no_cure_sends_in_a_circle(rows, auto, asked, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(lines(*rows))
    for name, told in (("auto", auto), ("calls", asked)):
        if told is not None:
            with pytest.raises(BadInput) as refusal:
                read_trace(path, name)
            assert told in str(refusal.value) and "--format auto" not in str(refusal.value)


def test_what_is_not_understood_of_a_call_is_told(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(lines({"run": 1, "name": "x", "status": "KO", "time": "03/04/2026 10:00"}))
    warnings = " ".join(read_trace(path).reading.warnings)
    assert "(as '03/04/2026 10:00')" in warnings and "a time is ISO 8601" in warnings
    assert "status 'KO' says neither" in warnings and "name was taken for it" in warnings


def test_a_format_that_is_asked_for_reads_what_does_not_begin_like_it(tmp_path, monkeypatch):
    monkeypatch.setattr(call_lines, "_SOUGHT", 70)
    path = tmp_path / "log.jsonl"
    path.write_bytes(lines(*({**RUN[0], "run_id": one} for one in range(99)), *RUN))
    with pytest.raises(BadInput, match="pass --format calls"):
        read_trace(path)
    reading = read_trace(path, "calls").reading
    assert len(reading.sequences) == 100 and "as asked, though it does not" in reading.warnings[0]
