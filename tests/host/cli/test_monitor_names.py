"""`consilience monitor`: what people call the fields, runs without a score, the wrong direction."""

import json
import random

import pytest

from tests.host.cli.monitor_runs import ran


def rows(good=120, later=40, **fields):
    """Lines of two agents; the scores of b rise by much after its good runs."""
    chance = random.Random(1)
    for run in range(good + later):
        for agent in "ab":
            score = chance.random() + (3 if agent == "b" and run >= good else 0)
            yield {"agent": agent, "run_id": f"{agent}{run}", "judge": round(score, 4), **fields}


def written(path, lines):
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def events(lines):
    """The lines as a log has them: starts, calls and ends of runs."""
    for one in lines:
        name = {"Agent": one["agent"], "run_id": one["run_id"], "ts": 1.5}
        yield {**name, "event": "run_start"}
        yield {**name, "event": "tool", "tool": "x", "ok": True}
        yield {**name, "event": "run_end", "judge": one["judge"]}


WORDS = ("--arl", "1000", "--seed", "3", "--json")


@pytest.mark.parametrize("form", ["lines", "csv", "log"])
def test_a_run_is_named_by_what_people_call_it_and_counts_once(form, tmp_path, capsys):
    lines = list(rows())
    words = ("--score-column", "judge", *WORDS)
    path = tmp_path / "s"
    if form == "csv":
        cells = "".join(f"{one['agent']},{one['run_id']},{one['judge']}\n" for one in lines * 2)
        path.write_text("Agent,Run ID,Judge\n" + cells)
    elif form == "lines":
        written(path, lines * 2)
    else:
        written(path, events(lines * 2))
        words = (*words, "--whole-runs")
    code, said, err = ran(capsys, path, *words)
    assert code == 0 and said[-1]["runs"] == 320 and said[-1]["repeated"] == 320
    alarms = [one for one in said if one.get("alarm") == "agent"]
    assert {one["agent"] for one in alarms} == {"b"} and alarms[0]["run"].startswith("b1")
    assert "taken for run; --run-column names another" in err


def test_another_column_of_runs_is_named_or_none(tmp_path, capsys):
    path = written(tmp_path / "s", ({**one, "score": one["judge"], "ticket_no": one["run_id"],
                                     "run_id": one["agent"]} for one in rows()))  # fmt: skip
    code, _, err = ran(capsys, path, *WORDS)
    assert code == 2 and "the run is taken from run_id: --run-column names another" in err
    code, said, err = ran(capsys, path, "--run-column", "", *WORDS)
    assert code == 0 and said[-1]["runs"] == 320
    assert "320 lines name no run" in err and "--run-column run_id" in err
    code, said, err = ran(capsys, path, "--run-column", "ticket_no", *WORDS)
    assert code == 0 and "b12" in str(said[0]["run"]) and "name no run" not in err


def test_runs_without_a_score_are_left_out_counted_and_told(tmp_path, capsys):
    lines = [{**one, "score": one["judge"]} for one in rows()]
    some = [{**one, "score": None} if place % 50 == 7 else one for place, one in enumerate(lines)]
    _, left, _ = ran(capsys, written(tmp_path / "l", [one for one in some if one["score"]]), *WORDS)
    code, said, err = ran(capsys, written(tmp_path / "s", some), *WORDS)
    assert code == 0 and said[-1] == {**left[-1], "without_a_score": 7}
    assert said[0]["statistic_bits"] == left[0]["statistic_bits"]
    assert "line 8 has no score" in err and "7 of them are of 'b'" in err and "Infinity" in err
    calm = written(tmp_path / "c", [one for one in some if one["agent"] == "a"] + some[7:8])
    assert ran(capsys, calm, "--fail-on-alarm", *WORDS)[0] == 1
    assert ran(capsys, tmp_path / "s", "--fail-on-alarm", *WORDS)[0] == 10


def test_scores_far_to_the_good_side_are_told_and_no_others(tmp_path, capsys):
    path = written(tmp_path / "s", ({**one, "judge": -one["judge"]} for one in rows()))
    words = ("--score-column", "judge", *WORDS)
    code, said, err = ran(capsys, path, *words)
    assert code == 0 and said[-1]["alarms"] == 0
    assert "scores of 'b' are far LOWER" in err and "pass --low-is-suspect" in err
    for more in ((path, "--low-is-suspect"), (written(tmp_path / "t", rows()),)):
        _, said, err = ran(capsys, *more, *words)
        assert said[-1]["alarms"] == 1 and "far LOWER" not in err and "far HIGHER" not in err
    _, _, err = ran(capsys, tmp_path / "t", "--low-is-suspect", *words)
    assert "far HIGHER" in err and "leave --low-is-suspect out" in err


def test_fifty_agents_are_shown_and_all_that_alarm(tmp_path, capsys):
    path = tmp_path / "s.csv"
    few = "".join(f"agent-{one},{'9' if one < 55 else '0'}\n" for one in range(60))
    for bits, shown, more in (("8", 55, 5), ("20", 50, 10)):
        path.write_text("agent,x1\n" + few)
        _, _, err = ran(capsys, path, "--threshold-bits", bits, "--asserted", "1")
        table = err[err.index("of threshold") :]
        assert table.count("agent-") == shown and f"and {more} more" in table


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("agent,judge_score\na,1\n", "if judge_score is it: --score-column judge_score"),
        ("agent,good,bad\na,1,2\n", "--score-column good, or another of good, bad"),
        ('{"agent": "a", "judge": 1}\n', "if judge is it: --score-column judge"),
        ('{"agent": "a", "score": 1, "event": "run_end"}\n', "is a run: --whole-runs"),
    ],
)
def test_a_name_that_nobody_knows_has_a_cure(line, cure, tmp_path, capsys):
    path = tmp_path / "s"
    path.write_text(line)
    code, said, err = ran(capsys, path, "--arl", "64")
    assert code == 2 and not said and cure in err
