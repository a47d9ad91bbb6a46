"""Runs out of files: whose they are, what one is, in which order."""

import json

import pytest

from consilience.errors import BadInput
from consilience.models.runs import read_runs


def written(path, *calls):
    path.write_text("".join(json.dumps(call) + "\n" for call in calls))
    return path


def call(agent, run, tool, time):
    return {"agent": agent, "run": run, "tool": tool, "time": time}


def test_runs_come_in_the_order_of_their_starts_and_go_on_in_other_files(tmp_path):
    one = written(tmp_path / "1.jsonl", call("a", "late", "x", 50), call("a", "split", "x", 10))
    two = written(tmp_path / "2.jsonl", call("a", "split", "y", 60), call("b", "split", "z", 20))
    made = read_runs([tmp_path])
    assert made.files == [one, two] and made.timed and made.names_agents
    found = [(run.agent, run.name, [step.name for step in run.steps]) for run in made.runs]
    assert found == [("a", "split", ["x", "y"]), ("b", "split", ["z"]), ("a", "late", ["x"])]
    assert made.agents == ["a", "b"] and made.tools() == {"x": 2, "y": 1, "z": 1}


def test_a_conversation_of_two_agents_is_a_run_of_each(tmp_path):
    path = written(tmp_path / "t.jsonl", call("a", "r", "x", 1), call("b", "r", "y", 2))
    assert [(run.agent, run.name) for run in read_runs([path]).runs] == [("a", "r"), ("b", "r")]


@pytest.mark.parametrize(
    ("agent_from", "agents"),
    [("trace", ["a", "b"]), ("file", ["t"]), ("folder", ["home"]), ("one", ["agent"])],
)
def test_who_took_a_run_can_be_said(tmp_path, agent_from, agents):
    (tmp_path / "home").mkdir()
    path = written(tmp_path / "home" / "t.jsonl", call("a", "r", "x", 1), call("b", "r", "y", 2))
    assert read_runs([path], agent_from=agent_from).agents == agents


def test_a_file_that_names_no_agent_is_one(tmp_path):
    path = written(tmp_path / "bot.jsonl", {"run": 1, "tool": "x"}, {"run": 2, "tool": None})
    made = read_runs([path])
    assert [(run.agent, run.name, len(run.steps)) for run in made.runs] == [
        ("bot", "1", 1),
        ("bot", "2", 0),
    ]
    assert not made.names_agents and not made.timed


def test_what_gives_no_runs_is_refused(tmp_path):
    calls = written(tmp_path / "t.jsonl", call("a", "r", "x", 1))
    scores = tmp_path / "s.csv"
    scores.write_text("agent,run,score\na,1,2\n")
    with pytest.raises(BadInput, match="give files of one kind"):
        read_runs([calls, scores])
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="an empty folder"):
        read_runs([tmp_path / "empty"])
    nothing = written(tmp_path / "n.jsonl", call("a", "r", None, 1))
    with pytest.raises(BadInput, match="no tool calls in it"):
        read_runs([nothing])
    with pytest.raises(BadInput, match="one of trace, file, folder, one"):
        read_runs([calls], agent_from="name")
    with pytest.raises(BadInput, match="a tool, and neither run nor agent"):
        read_runs([written(tmp_path / "x.jsonl", call("a", "r", "x", 1), call("a", "r", "x", 1) | {
            "agent": None, "run": ""})])  # fmt: skip
