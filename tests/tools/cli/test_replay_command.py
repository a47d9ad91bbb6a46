"""`consilience replay`: alarms as they come, the summary, wrong inputs."""

import json

import pytest

from consilience.cli.app import main
from consilience_sim import golden


def test_replay_tells_alarms_and_the_summary(tmp_path, capsys):
    assert main(["replay", "--rate", "0", "--out", str(tmp_path / "new")]) == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[-2:] == [f"report {tmp_path / 'new' / 'replay.html'}", "mismatches 0"]
    assert any(line.startswith("alarms") and "hijacked 16 of 20" in line for line in lines)
    alarms = [line for line in told.err.splitlines() if line.startswith("call ")]
    assert len(alarms) >= 17


def test_replay_as_json_counts_mismatches_and_exits_8(tmp_path, capsys, monkeypatch):
    log_sums = golden.log_sums

    def one_ulp_off(*arguments):
        codes, status = log_sums(*arguments)
        return codes + 1, status

    monkeypatch.setattr(golden, "log_sums", one_ulp_off)
    words = ["replay", "--rate", "0", "--agents", "2", "--out", str(tmp_path), "--json"]
    assert main(words) == 8
    told = capsys.readouterr()
    said = json.loads(told.out)
    assert said["mismatches"] == said["calls"]
    assert "differ from the golden model" in told.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nosuch.npz"], "nosuch.npz: no such file"),
        (["README.md"], "README.md: no traces"),
        (["--alarm", "2"], "--alarm"),
        (["--agents", "0"], "--agents"),
        (["--rate", "-1"], "--rate"),
    ],
)
def test_replay_wrong_inputs(tmp_path, capsys, words, message):
    assert main(["replay", *words, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "replay.html").exists()
