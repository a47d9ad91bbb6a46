"""Runs of one name: what was joined in silence, told twice, or taken for a history of its own."""

import json

import pytest

from consilience.errors import BadInput
from consilience.models.baseline import prepared
from consilience.models.fitting import fit_model
from consilience.models.runs import read_runs

DAY = 86_400


def write(path, runs, calls=("search", "answer"), *, agent="a", at=0, timed=True, first=0):
    """Write runs t0, t1 .. of an agent, a hundred seconds apart."""
    lines = []
    for run in range(first, first + runs):
        for place, tool in enumerate(calls):
            line = {"run": f"t{run}", "tool": tool}
            if agent is not None:
                line["agent"] = agent
            if timed:
                line["time"] = at + 1_000 * run + place
            lines.append(line)
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def test_runs_of_one_name_on_two_days_were_one_run(tmp_path):
    days = [write(tmp_path / f"day{day}.jsonl", 3, at=DAY * (1 + day)) for day in range(4)]
    made = read_runs(days)
    assert [len(run.steps) for run in made.runs] == [2] * 12
    assert "9 runs bear names of other runs" in made.warnings[0]


def test_a_run_that_goes_on_in_another_file_is_one(tmp_path):
    late = write(tmp_path / "a.jsonl", 1, ("answer", "end"), at=DAY + 60)
    early = write(tmp_path / "b.jsonl", 1, ("search", "read"), at=DAY)
    (run,) = read_runs([late, early]).runs
    assert [step.name for step in run.steps] == ["search", "read", "answer", "end"]
    assert read_runs([late, early]).warnings == []


def test_a_file_given_twice_doubled_every_run(tmp_path):
    path = write(tmp_path / "a.jsonl", 3, at=DAY)
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(path.read_bytes())
    for files, told in (([path, path], "is given twice"), ([path, copy], "told twice")):
        made = read_runs(files)
        assert [len(run.steps) for run in made.runs] == [2, 2, 2]
        assert told in made.warnings[0]
    longer = write(tmp_path / "longer.jsonl", 4, at=DAY)
    made = read_runs([path, longer])
    assert len(made.runs) == 4 and made.warnings == ["3 runs are told twice, and count once"]


def test_runs_without_times_are_those_of_their_files(tmp_path):
    first = write(tmp_path / "a.jsonl", 2, timed=False)
    second = write(tmp_path / "b.jsonl", 2, ("search",), timed=False)
    assert [len(run.steps) for run in read_runs([first, second]).runs] == [2, 1, 2, 1]


def test_a_model_of_the_baseline_itself_alarmed_for_good_agents(tmp_path):
    good = read_runs([write(tmp_path / "good.jsonl", 120, at=DAY)])
    today = read_runs([write(tmp_path / "today.jsonl", 9, at=9 * DAY)])
    model = fit_model(good, "chain", None)
    with pytest.raises(BadInput, match="fitted on 120 of the 120 good runs"):
        prepared(today, good, model, together=False)
    exported = read_runs([write(tmp_path / "again.jsonl", 130, at=DAY)])
    with pytest.raises(BadInput, match="fitted on 120 of the 130 good runs"):
        prepared(today, exported, model, together=False)
    others = read_runs([write(tmp_path / "others.jsonl", 60, at=5 * DAY, first=500)])
    assert len(prepared(today, others, model, together=False).history["a"]) == 60


def test_agents_told_apart_by_files_became_one_where_a_new_one_came(tmp_path):
    def folder(name, agents, at):
        (tmp_path / name).mkdir()
        for agent in agents:
            write(tmp_path / name / f"{agent}.jsonl", 100, agent=None, at=at)
        return read_runs([tmp_path / name])

    good = folder("good", ("support", "ops"), DAY)
    today = folder("today", ("support", "ops", "newbie"), 9 * DAY)
    made = prepared(today, good, None, together=False)
    assert made.judged == ["ops", "support"] and "newbie" in made.needs
    with pytest.raises(BadInput, match="none of today's files has the name"):
        prepared(folder("dated", ("support-09", "ops-09"), 9 * DAY), good, None, together=False)


def test_equal_runs_without_times_are_no_proof(tmp_path):
    good = read_runs([write(tmp_path / "good.jsonl", 120, timed=False)])
    today = read_runs([write(tmp_path / "today.jsonl", 9, timed=False)])
    made = prepared(today, good, None, together=False)
    assert any("if they are the same runs, take them out" in one for one in made.warnings)
    with pytest.raises(BadInput, match="take them out of the baseline"):
        prepared(good, good, None, together=False)
