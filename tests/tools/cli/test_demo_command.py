"""`consilience demo`: the table, the report, and the exit code of a mismatch."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from consilience.cli.app import main
from consilience_sim import golden


def test_demo_ends_with_no_mismatch_and_a_report(tmp_path, capsys):
    out = tmp_path / "demo"
    assert main(["demo", "--device", "cpu", "--out", str(out)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[-1] == "mismatches 0"
    assert shown[-2] == f"report {out / 'report.html'}"
    assert any(line.startswith("agent runs") and "20,000" in line for line in shown)
    assert max(map(len, shown[:-2])) <= 100
    assert (out / "report.html").read_text().lstrip().lower().startswith("<!doctype html>")


def test_demo_counts_mismatches_and_exits_8(tmp_path, capsys, monkeypatch):
    posteriors = golden.posteriors

    def one_ulp_off(*arguments):
        codes, status = posteriors(*arguments)
        codes[0, 0] += 1
        return codes, status

    monkeypatch.setattr(golden, "posteriors", one_ulp_off)
    words = ["demo", "--device", "cpu", "--out", str(tmp_path), "--runs", "1", "--json"]
    assert main(words) == 8
    captured = capsys.readouterr()
    assert json.loads(captured.out)["mismatches"] > 0
    assert "posteriors of cpu differ from the golden model" in captured.err


def test_demo_outside_a_checkout(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("consilience_tools.cli.example._CHECKOUT", tmp_path)
    assert main(["demo", "--out", str(tmp_path / "out")]) == 2
    assert "this needs a checkout: clone the repository" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_demo_output_that_cannot_be(tmp_path, capsys):
    path = tmp_path / "file"
    path.touch()
    assert main(["demo", "--out", str(path)]) == 2
    assert "cannot be made (File exists); choose another --out" in capsys.readouterr().err


@pytest.mark.parametrize("runs", ["0", "many"])
def test_demo_usage(capsys, runs):
    assert main(["demo", "--runs", runs]) == 2
    assert "--runs" in capsys.readouterr().err


def test_from_any_folder(tmp_path):
    """The example is loaded by path: it must not need the checkout's root on sys.path."""
    program = Path(sys.executable).with_name("consilience")
    answer = subprocess.run(
        [program, "demo", "--device", "cpu", "--runs", "50", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["mismatches"] == 0
