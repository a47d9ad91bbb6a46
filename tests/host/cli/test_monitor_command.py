"""`consilience monitor`: alarms, their promises, state that outlives a kill, and bad input."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from consilience.cli.app import main
from consilience.cli.monitor import ALARMED

PROGRAM = [sys.executable, "-m", "consilience", "monitor"]
RUNS = 300


def lines_of(runs=RUNS, agents=3, bad_from=200):
    """Return CSV lines: the last agent's scores rise from run `bad_from` on."""
    chance = random.Random(4)
    lines = ["agent,run,score,at"]
    for run in range(runs):
        for agent in range(agents):
            bad = agent == agents - 1 and run >= bad_from
            lines.append(f"a{agent},{run},{chance.gauss(3 if bad else 0, 1):.3f},{run}")
    return lines


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(lines_of()) + "\n")
    return path


def ran(capsys, *words):
    code = main(["monitor", *map(str, words)])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines() if line.startswith("{")], err


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


def test_the_state_goes_on_where_it_was(scores, tmp_path, capsys):
    whole = tmp_path / "whole"
    _, expected, _ = ran(capsys, scores, "--arl", "64", "--state", whole, "--ties", "full")
    text = scores.read_text().splitlines(keepends=True)
    part, state = tmp_path / "part.csv", tmp_path / "parts"
    said = []
    for end in (1, 340, 341, len(text)):
        part.write_text("".join(text[:end]))
        said += ran(capsys, part, "--arl", "64", "--state", state, "--ties", "full")[1]
    assert [one for one in said if "alarm" in one] == [one for one in expected if "alarm" in one]
    assert (state / "alarms.jsonl").read_bytes() == (whole / "alarms.jsonl").read_bytes()
    assert facts(state) == facts(whole)


def facts(state):
    """Return what a state is, without where its input lay."""
    from consilience.monitor.watch_folder import SavedWatch

    saved = SavedWatch.of((state / "state").read_bytes(), state)
    saved.facts.pop("place")
    return saved.facts, saved.monitor, saved.ranks, saved.ended


def test_a_stream_that_is_cut_by_kills_counts_every_line_once(tmp_path):
    """The lines that a killed process had taken in are not sent again, and not lost."""
    lines = [f"{line}\n".encode() for line in lines_of(runs=160, bad_from=130)]
    words = ["-", "--arl", "32", "--ties", "full", "--state"]
    whole, state = tmp_path / "whole", tmp_path / "killed"
    subprocess.run([*PROGRAM, *words, whole], input=b"".join(lines), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    sent, chance = 0, random.Random(8)
    while sent < len(lines):
        with subprocess.Popen(
            [*PROGRAM, *words, state], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            count = min(len(lines) - sent, chance.randrange(60, 200))
            os.write(process.stdin.fileno(), b"".join(lines[sent : sent + count]))
            sent += count
            taken = sum(len(line) for line in lines[:sent])
            deadline = time.monotonic() + 60
            while sum(file.stat().st_size for file in state.glob("input-*")) < taken:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(chance.random() / 5)
            process.send_signal(signal.SIGKILL)
    subprocess.run([*PROGRAM, *words, state], input=b"", check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    assert (state / "alarms.jsonl").read_bytes() == (whole / "alarms.jsonl").read_bytes()
    assert facts(state) == facts(whole)


def test_asserted_increments_are_taken_if_the_user_says_so(tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("agent,x1,sequence\na,4.5,1\na,4.5,1\na,4.5,4\n")
    code, _, err = ran(capsys, path, "--arl", "100")
    assert code == 2 and "pass --asserted" in err
    _, said, _ = ran(capsys, path, "--arl", "100", "--asserted", "1", "--json")
    assert [one.get("source") for one in said] == ["asserted"] * 2
    assert said[0]["line"] == 4 and said[-1]["observations"] == 2


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ("agent,score\na,1\n", (), "give one of --arl, --false-alarm"),
        ("agent,score\na,1\n", ("--arl", "9", "--threshold-bits", "3"), "give one of"),
        ("agent,score\na,1\n", ("--false-alarms-per-day", "1"), "needs --agents"),
        ("agent,score\na,1\n", ("--false-alarm", "1/9"), "give arl, or mode spread"),
        ("agent,score\na,1\n", ("--arl", "9", "--kappas", "1/3"), "kappa 1/3"),
        ("agent,score\na,1\n", ("--arl", "9", "--n0", "3"), "at least 50"),
        ("agent,score\na,1\n", ("--arl", "9", "--run-alpha", "2"), "a share between 0 and 1"),
        ("agent;score\na;1\n", ("--arl", "9"), "separated by commas"),
        ("agent,value\na,1\n", ("--arl", "9"), "no column score"),
        ("agent,score\na,nan\n", ("--arl", "9"), "line 2: the score is NaN"),
        ("agent,score\na,much\n", ("--arl", "9"), "line 2: could not convert"),
        ("agent,score\na,1,2\n", ("--arl", "9"), "line 2: 3 cells for 2 columns"),
        ("agent,score\n,1\n", ("--arl", "9"), "line 2: agent must be text"),
        ("agent,score,at\na,1,5\na,1,4\n", ("--arl", "9"), "line 3: the clock goes back"),
        ("agent,score,sequence\na,1,5\na,1,4\n", ("--arl", "9"), "goes back from 5"),
        ('{"agent": "a", "run": 1, "event": "end", "score": 1}\n', ("--arl", "9"), "no history"),
        ('{"agent": "a", "event": "end", "score": 1}\n', ("--arl", "9"), "needs a run"),
        ('{"agent": 1.5, "score": 1}\n', ("--arl", "9"), "agent must be text or an integer"),
        ('{"agent": "a", "score": 1, "event": "stop"}\n', ("--arl", "9"), "'stop'"),
        ('{"agent": "a", "score"\n', ("--arl", "9"), "line 1"),
        ("agent,score\nb\xe9,1\n", ("--arl", "9"), "line 2: is no UTF-8"),
        ("agent,score,group\na,1,g\n", ("--arl", "9"), "group needs"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys, text, words, message):
    path = tmp_path / "bad"
    path.write_bytes(text.encode("latin-1"))
    code, said, err = ran(capsys, path, *words)
    assert code == 2 and not said
    assert message in " ".join(err.split()) and "Traceback" not in err


def test_a_state_of_other_options_or_another_file_is_refused(scores, tmp_path, capsys):
    state = tmp_path / "state"
    ran(capsys, scores, "--arl", "64", "--state", state)
    code, _, err = ran(capsys, scores, "--arl", "65", "--state", state)
    assert code == 2 and "other options (arl)" in err
    other = tmp_path / "other.csv"
    other.write_text("agent,run,score,at\n" * 2000)
    code, _, err = ran(capsys, other, "--arl", "64", "--state", state)
    assert code == 2 and "begins with other lines" in err
    (state / "state").write_bytes((state / "state").read_bytes()[:-1])
    code, _, err = ran(capsys, scores, "--arl", "64", "--state", state)
    assert code == 2 and "damaged" in err


def test_too_little_history_says_how_much_more(tmp_path, capsys):
    path = tmp_path / "few.csv"
    path.write_text("agent,score\n" + "a,1\n" * 60)
    code, _, err = ran(capsys, path, "--arl", "64")
    assert code == 0 and "'a' needs 40 more runs" in err


def test_a_file_that_grows_is_followed(tmp_path, scores):
    path = tmp_path / "grows.csv"
    text = scores.read_bytes()
    half = text.index(b"\n", len(text) // 2) - 3
    path.write_bytes(text[:half])
    words = [*PROGRAM, path, "--arl", "1024", "--ties", "full", "--follow"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        with path.open("ab") as file:
            file.write(text[half:])
        assert json.loads(process.stdout.readline())["agent"] == "a2"
        process.send_signal(signal.SIGINT)
        told = process.communicate()[1].decode()
    assert process.returncode == 0 and "runs judged" in told  # Ctrl-C is how it ends


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no line was an observation"),
        ("agent,score\n" + "a,1\n" * 120, "all scores of 'a' are equal"),
        ("agent,score,timestamp,colour\na,1,2,red\n", "not used: colour, timestamp; a clock is"),
    ],
)
def test_what_is_probably_not_meant_is_said(tmp_path, capsys, text, told):
    path = tmp_path / "odd.csv"
    path.write_text(text)
    code, _, err = ran(capsys, path, "--arl", "64")
    assert code == 0 and told in " ".join(err.split())


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


def test_a_folder_of_other_files_was_emptied(tmp_path, capsys, scores):
    """--state . deleted input-data.csv and emptied alarms.jsonl of another's."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("input-data.csv", "alarms.jsonl"):
        (folder / name).write_text("mine")
    code, _, err = ran(capsys, scores, "--arl", "64", "--state", folder)
    assert code == 2 and "holds other files" in err
    assert [file.read_text() for file in folder.iterdir()] == ["mine"] * 2


def test_a_last_line_without_its_end_was_judged_before_the_rest_came(tmp_path, capsys):
    path, state = tmp_path / "grows.csv", tmp_path / "state"
    path.write_text("agent,score\na,1")
    _, _, err = ran(capsys, path, "--arl", "64", "--state", state)
    assert "left for the next start" in err
    path.write_text("agent,score\na,12\nb,3\n")
    _, said, _ = ran(capsys, path, "--arl", "64", "--state", state, "--json")
    assert said[-1]["observations"] == 2


def test_a_bad_line_is_mended_and_what_came_before_it_is_kept(tmp_path):
    words = [*PROGRAM, "-", "--arl", "64", "--ties", "full", "--state", tmp_path / "state"]
    lines = lines_of(runs=150, bad_from=120)
    text = "\n".join([*lines, "a1,x,much,200"]) + "\n"
    for _ in range(2):  # sent once, then found again
        ended = subprocess.run(words, input=text.encode(), capture_output=True, check=False)
        told = " ".join(ended.stderr.decode().split())
        assert ended.returncode == 2 and "line 452" in told and "input-0" in told
        text = ""
    kept = tmp_path / "state/input-0"
    kept.write_text(kept.read_text().replace("much", "5"))
    ended = subprocess.run([*words, "--json"], input=b"", capture_output=True, check=True)
    assert json.loads(ended.stdout.splitlines()[-1])["runs"] == 451
    assert (tmp_path / "state/alarms.jsonl").stat().st_size > 0


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


def test_a_run_that_never_ends_blinded_its_agent_without_a_word(tmp_path, capsys):
    path = tmp_path / "runs.jsonl"
    events = [{"agent": "a", "run": n, "score": n * 37 % 50} for n in range(120)]
    events += [{"agent": "a", "run": "hung", "event": "start"}]
    events += [{"agent": "a", "run": n, "score": 999} for n in range(200, 240)]
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    _, _, err = ran(capsys, path, "--arl", "64")
    assert "40 ended runs of 'a' wait for run 'hung'" in " ".join(err.split())


def test_an_alarm_is_acknowledged_and_a_history_begins_anew_by_a_line(tmp_path, capsys):
    path = tmp_path / "runs.jsonl"
    events = [{"agent": "a", "score": n * 37 % 50} for n in range(120)]
    events += [{"agent": "a", "score": 900 + n} for n in range(5)]
    events += [{"agent": "a", "event": "acknowledge"}, {"agent": "a", "score": 1000}]
    events += [{"agent": "a", "event": "recalibrate"}, {"agent": "a", "score": 2000}]
    path.write_text("".join(json.dumps(one) + "\n" for one in events))
    _, said, err = ran(capsys, path, "--arl", "16", "--ties", "full")
    assert [one["line"] for one in said if one["alarm"] == "agent"][1:] == [127]
    assert "'a' needs 99 more runs" in err


def test_a_state_of_a_stream_is_not_that_of_a_file(tmp_path, scores, capsys):
    state = tmp_path / "state"
    words = [*PROGRAM, "-", "--arl", "64", "--state", state]
    subprocess.run(words, input=scores.read_bytes(), capture_output=True, check=True)
    code, _, err = ran(capsys, scores, "--arl", "64", "--state", state)
    assert code == 2 and "the state is of a stream, not of a file" in " ".join(err.split())
