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
    # The monitor's part: a row for each run shown, the last of them at the threshold.
    title = next(place for place, line in enumerate(shown) if "does it still behave?" in line)
    rows = [line.split() for line in shown[title + 2 :]]
    rows = rows[: next(place for place, row in enumerate(rows) if row[0] == "alarm")]
    assert [row[1] for row in rows] == ["benign"] * 4 + ["hijacked"] * (len(rows) - 4)
    assert [int(row[0]) for row in rows] == list(range(127, 127 + len(rows)))
    assert [float(row[2]) >= 10 for row in rows] == [False] * (len(rows) - 1) + [True]
    assert rows[-1][-1] == "alarm"
    verdict = shown[title + 2 + len(rows)]
    assert verdict.startswith(f"alarm after {len(rows) - 4} runs of hijack, ")
    assert "1 false alarm in 1,024 runs of an agent at most" in shown[title + 3 + len(rows)]
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
    value = json.loads(captured.out)
    assert value["mismatches"] > 0
    assert value["watched"]["delay"] == sum(run["hijacked"] for run in value["watched"]["runs"])
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
