"""`consilience monitor`: alarms, their promises, events, reports."""

import json
import random

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from consilience.cli.monitor import ALARMED
from tests.host.cli.monitor_runs import RUNS, lines_of, ran


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(lines_of()) + "\n")
    return path


def test_the_agent_that_changed_is_named_with_what_is_promised(scores, capsys):
    code, said, _ = ran(capsys, scores, "--arl", "1024", "--fail-on-alarm", "--ties", "full")
    assert code == ALARMED
    alarm = said[0]
    assert (alarm["alarm"], alarm["agent"], alarm["threshold_bits"]) == ("agent", "a2", 10.0)
    assert 200 <= int(alarm["run"]) <= 215 and alarm["at"] == int(alarm["run"])
    assert alarm["statistic_bits"] >= 10 > alarm["before_bits"]
    assert alarm["source"] == "conformal" and alarm["promise"].startswith("1024 runs of this agent")
    assert alarm["moved"]["rank"] <= 5 and len(alarm["moved"]["increment_bits"]) == 2
    assert "not the probability of a hijack" in alarm["says"]


def test_json_ends_with_one_object_that_sums_up(scores, capsys):
    code, said, _ = ran(capsys, scores, "--arl", "1024", "--agents", 5, "--fleet-alpha", "1/10",
                        "--json", "--each")  # fmt: skip
    assert code == 0
    last = said[-1]
    assert (last["runs"], last["agents"], last["named"]) == (3 * RUNS, 3, ["a2"])
    judged = [one for one in said if "observation" in one]
    assert len(judged) == 3 * (RUNS - 100)
    assert sum("alarm" in one for one in said) == last["alarms_said_now"] >= 1


def test_the_seed_that_is_told_gives_the_same_statistics(tmp_path, scores, capsys):
    words = [scores, "--arl", "1024", "--json", "--each"]
    _, said, _ = ran(capsys, *words)
    assert ran(capsys, *words, "--seed", said[-1]["seed"])[1] == said
    assert "seed" not in ran(capsys, *words, "--ties", "full")[1][-1]
    code, _, err = ran(capsys, *words, "--seed", 1, "--state", tmp_path / "state")
    assert code == 2 and "leave --seed out" in err


def test_a_daily_rate_for_a_fleet_is_what_users_mean(scores, capsys):
    words = ["--false-alarms-per-day", "1", "--agents", "1000000", "--runs-per-day", "100"]
    _, said, _ = ran(capsys, scores, *words, "--json")
    assert 26.5 < said[-1]["threshold_bits"] < 26.6


def test_open_runs_alarm_before_they_end(tmp_path, capsys):
    path = tmp_path / "runs.jsonl"
    events = [{"agent": "a", "run": n, "score": n * 37 % 50} for n in range(150)]
    for n in range(150, 160):
        events.append({"agent": "a", "run": n, "event": "start", "at": n})
        events += [{"agent": "a", "run": n, "event": "score", "score": 1000 * n + s, "at": n}
                   for s in range(3)]  # fmt: skip
        events.append({"agent": "a", "run": n, "event": "end", "score": 1000 * n + 9, "at": n})
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    _, said, _ = ran(capsys, path, "--arl", "4096", "--run-alpha", "1/140")
    runs = [one for one in said if one.get("alarm") == "run"]
    assert {one["run"] for one in runs if one["run"] >= 150} == set(range(150, 160))
    assert all(one["provisional"] for one in runs if one["run"] >= 150)
    first, then = [one for one in said if one.get("alarm") == "agent"][:2]
    assert first["provisional"] and not then["provisional"] and first["run"] == then["run"]


def test_asserted_increments_are_taken_if_the_user_says_so(tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("agent,x1,sequence\na,4.5,1\na,4.5,1\na,4.5,4\n")
    code, _, err = ran(capsys, path, "--arl", "100")
    assert code == 2 and "pass --asserted" in err
    _, said, _ = ran(capsys, path, "--arl", "100", "--asserted", "1", "--json")
    assert [one.get("source") for one in said] == ["asserted"] * 2
    assert said[0]["line"] == 4 and said[-1]["observations"] == 2


def test_a_report_shows_statistics_and_alarms(scores, tmp_path, capsys):
    page = tmp_path / "page.html"
    ran(capsys, scores, "--arl", "1024", "--ties", "full", "--report", page)
    text = page.read_text()
    assert text.count("<svg") == 3 and text.count("<polyline") == 3
    assert "a2 <span class=alarm>" in text and "not the probability of a hijack" in text
    code, _, err = ran(capsys, scores, "--arl", "1024", "--report", page)
    assert code == 2 and "--force" in err and page.read_text() == text


def test_evidence_is_scored_against_the_hypothesis_that_is_good_behaviour(tmp_path, capsys):
    path = tmp_path / "evidence.csv"
    chance = random.Random(3)
    rows = [f"a,{chance.gauss(-1, 0.3):.3f},{-9 if n < 150 else -0.1},-5" for n in range(160)]
    path.write_text("agent,benign,hijacked,broken\n" + "\n".join(rows) + "\n")
    code, _, err = ran(capsys, path, "--arl", "64")
    assert code == 2 and "--against benign" in err
    _, said, _ = ran(capsys, path, "--arl", "64", "--against", "benign")
    assert said[0]["alarm"] == "agent" and 150 < said[0]["run"] < 160


def test_a_parquet_file_is_its_rows(scores, tmp_path, capsys):
    table = pa_csv.read_csv(scores)
    path, state = tmp_path / "scores.parquet", tmp_path / "state"
    pq.write_table(table, path, row_group_size=100)
    words = ["--arl", "1024", "--ties", "full"]
    _, expected, _ = ran(capsys, scores, *words)
    _, found, _ = ran(capsys, path, *words, "--state", state)
    keys = ("agent", "at", "statistic")
    assert [[one[k] for k in keys] for one in found] == [[one[k] for k in keys] for one in expected]
    assert ran(capsys, path, *words, "--state", state)[1] == []  # nothing is counted again
    code, _, err = ran(capsys, path, *words, "--follow")
    assert code == 2 and "leave --follow out" in err
    path.write_bytes(b"PAR1")
    code, _, err = ran(capsys, path, *words)
    assert code == 2 and "is no Parquet file" in err


def test_the_fleet_is_read_at_moments_that_do_not_depend_on_scores(scores, tmp_path, capsys):
    page = tmp_path / "page.html"
    words = ["--arl", "1e9", "--ties", "full", "--fleet-alpha", "1/20", "--fleet-every", "50"]
    code, _, err = ran(capsys, scores, *words)
    assert code == 2 and "--fleet-alpha needs --agents" in err
    _, said, _ = ran(capsys, scores, *words, "--agents", "3", "--report", page)
    readings = [one for one in said if one["alarm"] == "fleet"]
    assert readings and all(one["named"] == ["a2"] for one in readings[-3:])
    assert all(one["runs"] % 50 == 0 for one in readings) and readings[-1]["runs"] == 900
    assert "named by the fleet" in page.read_text()


def test_a_recalibration_drops_open_runs_and_their_ends_are_no_error(tmp_path, capsys):
    path = tmp_path / "runs.jsonl"
    events = [{"agent": "a", "run": n, "score": n * 37 % 50} for n in range(120)]
    events += [{"agent": "a", "run": n, "event": "start"} for n in ("A", "B", "C")]
    events += [{"agent": "a", "run": n, "event": "end", "score": 900} for n in ("A", "B")]
    events += [{"agent": "a", "run": "C", "event": "score", "score": 5}]
    events += [{"agent": "a", "run": "C", "event": "end", "score": 5}]
    events += [{"agent": "a", "run": n, "score": n} for n in range(200, 240)]
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    code, said, err = ran(capsys, path, "--arl", "16", "--policy", "recalibrate", "--ties", "full")
    assert code == 0 and sum(one["alarm"] == "agent" for one in said) >= 1
    assert "more runs" in err  # a new history


def test_an_alarm_is_acknowledged_and_a_history_begins_anew_by_a_line(tmp_path, capsys):
    path = tmp_path / "runs.jsonl"
    events = [{"agent": "a", "score": n * 37 % 50} for n in range(120)]
    events += [{"agent": "a", "score": 900 + n} for n in range(5)]
    events += [{"agent": "a", "event": "acknowledge"}]
    events += [{"agent": "a", "score": 3}, {"agent": "a", "score": 1000}]
    events += [{"agent": "a", "event": "recalibrate"}, {"agent": "a", "score": 2000}]
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    _, said, err = ran(capsys, path, "--arl", "16", "--ties", "full")
    assert [one["line"] for one in said if one["alarm"] == "agent"][1:] == [128]
    assert "'a' needs 99 more runs" in err
