"""`consilience monitor`: what is said twice counts once, or is said to count twice."""

import json
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tests.host.cli.monitor_runs import ran

WORDS = ("--arl", "64", "--ties", "full")


def written(path, events):
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    return path


def history(runs=120):
    return [{"agent": "a", "run": n, "score": n * 37 % 101} for n in range(runs)]


def test_a_file_given_twice_counts_once(tmp_path, capsys):
    events = history() + [{"agent": "a", "run": n, "score": 100 + n} for n in range(120, 125)]
    once = written(tmp_path / "once.jsonl", events)
    twice = written(tmp_path / "twice.jsonl", events + events)
    _, expected, _ = ran(capsys, once, *WORDS, "--json")
    code, found, err = ran(capsys, twice, *WORDS, "--json")
    assert code == 0 and [one["alarm"] for one in found[:-1]] == ["agent"]
    assert found[:-1] == expected[:-1]
    assert found[-1] == {**expected[-1], "repeated": 125}
    assert "125 lines were there before" in err


def test_events_sent_twice_count_once(tmp_path, capsys):
    run = {"agent": "a", "run": "r"}
    events = [
        {**run, "event": "start", "at": 5},
        {**run, "event": "start", "at": 5},
        {**run, "event": "score", "score": 200, "at": 6},
        {**run, "event": "end", "score": 150, "at": 7},
        {**run, "event": "end", "score": 150, "at": 7},
        {**run, "event": "score", "score": 200, "at": 6},
        {**run, "event": "start", "at": 5},
    ]
    path = written(tmp_path / "runs.jsonl", [{**one, "at": 0} for one in history()] + events)
    code, found, _ = ran(capsys, path, *WORDS, "--json", "--each")
    assert code == 0 and (found[-1]["runs"], found[-1]["repeated"]) == (121, 4)
    assert [one["moved"]["score"] for one in found if one.get("run") == "r"] == [200.0]


@pytest.mark.parametrize(
    "line",
    [
        {"agent": "a", "run": 3, "score": 5},
        {"agent": "a", "run": 3, "score": 500},
        {"agent": "a", "run": 3, "event": "end", "score": 500},
        {"agent": "a", "run": 3, "event": "score", "score": 500},
    ],
)
def test_a_run_that_ended_with_another_score_is_refused(tmp_path, capsys, line):
    path = written(tmp_path / "runs.jsonl", [*history(), line])
    code, _, err = ran(capsys, path, *WORDS)
    assert code == 2 and "line 121: run 3 of agent 'a' has ended before with another score" in err


def test_repeats_are_known_after_a_restart(tmp_path, capsys):
    events = history()
    path, state = written(tmp_path / "runs.jsonl", events), tmp_path / "state"
    ran(capsys, path, *WORDS, "--state", state)
    written(path, events + events[40:])
    _, found, _ = ran(capsys, path, *WORDS, "--state", state, "--json")
    assert (found[-1]["runs"], found[-1]["repeated"]) == (120, 80)


def test_runs_without_names_that_come_again_are_said_to(tmp_path, capsys):
    rows = [f"a,{n * n * 37 % 1009}" for n in range(120)]
    path, state = tmp_path / "scores.csv", tmp_path / "state"
    path.write_text("\n".join(["agent,score", *rows]) + "\n")
    _, _, err = ran(capsys, path, *WORDS, "--state", state)
    assert "came again" not in err
    path.write_text("\n".join(["agent,score", *rows, "agent,score", *rows]) + "\n")
    _, found, err = ran(capsys, path, *WORDS, "--state", state, "--json")
    assert found[-1]["runs"] == 240 and "the first lines came again (1 x)" in err


def test_a_line_that_was_refused_and_mended_counts(tmp_path, capsys):
    """Its sequence number was noted, its run begun: mended, it was a repeat, or open for ever."""
    path, state = tmp_path / "runs.jsonl", tmp_path / "state"
    good = [{**one, "sequence": one["run"], "at": one["run"]} for one in history()]
    for bad in ({"cut": "bored"}, {"at": 3}):
        written(path, [*good, {"agent": "a", "run": "r", "score": 1, "sequence": 200, **bad}])
        code, _, err = ran(capsys, path, *WORDS, "--state", state)
        assert code == 2 and "line 121" in err
    written(path, [*good, {"agent": "a", "run": "r", "score": 1, "sequence": 200, "at": 200}])
    _, found, _ = ran(capsys, path, *WORDS, "--state", state, "--json")
    assert (found[-1]["runs"], found[-1]["repeated"]) == (121, 0)


def test_a_day_a_file_goes_on_in_one_state(tmp_path, capsys):
    days = [tmp_path / f"day-{day}.csv" for day in range(3)]
    for day, path in enumerate(days):
        runs = range(60 * day, 60 * day + 60)
        lines = [f"{run},a,{run * 37 % 101}" for run in runs]
        names = "run,agent,score" if day != 1 else "run,score,agent"
        if day == 1:
            lines = [f"{run},{run * 37 % 101},a" for run in runs]
        path.write_text("\n".join([names, *lines]) + "\n")
    state = tmp_path / "state"
    code, _, err = ran(capsys, days[0], *WORDS, "--next")
    assert code == 2 and "give --state" in err
    for path in days:
        code, found, err = ran(capsys, path, *WORDS, "--state", state, "--next", "--json")
        assert code == 0, err
    assert (found[-1]["runs"], found[-1]["repeated"]) == (180, 0)
    as_text = pa_csv.ConvertOptions(column_types={"run": pa.string()})
    table = pa_csv.read_csv(days[2], convert_options=as_text)
    pq.write_table(table, tmp_path / "more.parquet")
    code, _, err = ran(capsys, tmp_path / "more.parquet", *WORDS, "--state", state)
    assert code == 2 and "not of a Parquet file" in err and "pass --next" in err
    words = [tmp_path / "more.parquet", *WORDS, "--state", state, "--next", "--json"]
    for repeated in (60, 60):  # the second time it is the file of the state
        _, found, _ = ran(capsys, *words)
        assert (found[-1]["runs"], found[-1]["repeated"]) == (180, repeated)


def test_a_followed_file_is_renamed_and_the_watch_goes_on(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("agent,run,score\n" + "".join(f"a,{n},{n * 37 % 101}\n" for n in range(110)))
    command = [sys.executable, "-m", "consilience", "monitor", path, *WORDS, "--follow", "--each"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for _ in range(10):
            assert json.loads(process.stdout.readline())
        path.rename(tmp_path / "scores.csv.1")
        path.write_text("agent,run,score\na,111,3\n")
        assert json.loads(process.stdout.readline())["run"] == "111"
        process.send_signal(signal.SIGINT)
        told = process.communicate()[1].decode()
    assert "is a new file; its first line counts as line 112" in " ".join(told.split())
