"""Calls a line: shuffled, told twice, and tables with other separators."""

import json
import random

import pytest

from consilience.errors import BadInput
from consilience.traces.detection import read_trace

LINES = [
    {"agent": "a", "run": run, "tool": tool, "time": f"2026-01-0{run}T00:00:0{place}Z"}
    for run in (1, 2)
    for place, tool in enumerate(("open", "read", "close"))
]


def reading(path, lines):
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return read_trace(path).reading


def tools(found):
    return {one.conversation: [step.name for step in one.steps] for one in found.sequences}


def test_lines_in_another_order_were_another_run(tmp_path):
    wanted = {"1": ["open", "read", "close"], "2": ["open", "read", "close"]}
    for seed in range(4):
        lines = random.Random(seed).sample(LINES, len(LINES))
        found = reading(tmp_path / "c.jsonl", lines)
        assert tools(found) == wanted and found.order_by == "time" and not found.warnings


@pytest.mark.parametrize("scale", [1, 0.25, 10**18])
def test_times_that_are_numbers_put_calls_into_order(tmp_path, scale):
    lines = [{"run": "r", "tool": f"t{at}", "time": at * scale} for at in (3, 0, 2, 1)]
    assert tools(reading(tmp_path / "c.jsonl", lines)) == {"r": ["t0", "t1", "t2", "t3"]}


def test_a_call_without_a_time_keeps_the_order_of_the_lines(tmp_path):
    lines = [*LINES[:2], {"agent": "a", "run": 1, "tool": "late"}, LINES[2]]
    found = reading(tmp_path / "c.jsonl", lines)
    assert tools(found)["1"] == ["open", "read", "late", "close"]
    assert "1 runs have calls without a time" in found.warnings[0]


def test_calls_told_twice_counted_twice(tmp_path):
    named = [{**line, "call_id": f"c{place}"} for place, line in enumerate(LINES)]
    found = reading(tmp_path / "c.jsonl", [*named, *named[:4]])
    assert tools(found) == tools(reading(tmp_path / "d.jsonl", named))
    assert found.warnings == ["4 calls are told twice, and count once"]
    unnamed = reading(tmp_path / "e.jsonl", [*LINES, *LINES])
    assert "6 of 12 calls are like another one" in unnamed.warnings[0]


@pytest.mark.parametrize(("mark", "words"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_separators_were_of_no_known_format(tmp_path, mark, words):
    path = tmp_path / "c.csv"
    path.write_text("agent,run,tool\na,r,t\n".replace(",", mark))
    with pytest.raises(BadInput, match=f"separated by commas, not by {words}"):
        read_trace(path)
