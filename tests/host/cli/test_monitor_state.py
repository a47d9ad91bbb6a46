"""`consilience monitor`: state that outlives a kill, files that grow, folders of others."""

import json
import os
import random
import signal
import subprocess
import time

import pytest

from tests.host.cli.monitor_runs import PROGRAM, lines_of, ran


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(lines_of()) + "\n")
    return path


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


def test_a_state_of_a_stream_is_not_that_of_a_file(tmp_path, scores, capsys):
    state = tmp_path / "state"
    words = [*PROGRAM, "-", "--arl", "64", "--state", state]
    subprocess.run(words, input=scores.read_bytes(), capture_output=True, check=True)
    code, _, err = ran(capsys, scores, "--arl", "64", "--state", state)
    assert code == 2 and "the state is of a stream, not of a file" in " ".join(err.split())


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
