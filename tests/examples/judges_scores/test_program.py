"""The program: tables, JSON, the page; wrong input in one line."""

import csv
import json
from pathlib import Path

import pytest

from examples.judges_scores import __main__, many_runs
from examples.judges_scores.__main__ import main
from examples.judges_scores.comparison import METHODS
from examples.judges_scores.increments import FROZEN
from examples.judges_scores.judged_runs import DATA
from tests.examples.judges_scores.drawn import drawn

DOUBT = "conformal rank: sum of doubt"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(many_runs, "SEQUENCES", 10)
    monkeypatch.setattr(many_runs, "LATER", 20)
    path = tmp_path / "drawn.csv"
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["run", "step", "score", "solved"])
        for run in drawn(1, 60, 20):
            rows.writerows(
                [run.name, step, score, run.solved] for step, score in enumerate(run.scores, 1)
            )
    return path


def test_figures(
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = [str(file), "--levels", "0.1", "--seeds", "1", "--folds", "2"]
    assert main([*given, "--json", "--page", str(tmp_path)]) == 0
    said = capsys.readouterr()
    (found,) = json.loads(said.out)
    assert "Warning" not in said.err
    assert (found["file"], found["solved"], found["unsolved"]) == ("drawn.csv", 60, 20)
    cells = {one["method"]: one for one in found["single_runs"]}
    assert len(cells) == 10
    doubt = cells[DOUBT]
    assert doubt["false_alarms"][1] <= 0.1 <= doubt["found"][0]
    assert cells[FROZEN.name]["cannot_alarm"].endswith("a table needs 1,000")
    assert {one["method"] for one in found["many_runs"]} >= {"monitor, conformal ranks"}

    some = [one for one in METHODS if one.name in (DOUBT, FROZEN.name)]
    monkeypatch.setattr(__main__, "METHODS", some)
    assert main(given) == 0
    text = capsys.readouterr().out
    assert f"{DOUBT:58}{doubt['false_alarms'][0]:.3f} (" in text
    assert "none: 30 solved runs; a table needs 1,000" in text
    page = (tmp_path / "judges_scores.md").read_text()
    assert f"| 0.1 | {DOUBT} | {doubt['false_alarms'][0]:.3f} (" in page
    assert "](judges_scores.svg)" in page
    assert (tmp_path / "judges_scores.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        (["none.csv"], "none.csv: cannot be read"),
        (["--levels", "0.1,2"], "--levels 0.1,2: different shares between 0 and 1"),
        (["--levels", "0.1,0.1"], "different shares"),
        (["--levels", "low"], "--levels"),
        (["--folds", "1"], "--folds is at least 2"),
        (["--folds", "8"], "has 53 solved and 7 unsolved runs; at most 7"),
        ([str(DATA)], "is a folder; name the files in it"),
        (["--seeds", "0"], "--seeds at least 1"),
        (["--page", "nowhere"], "--page nowhere: no folder; make it first"),
    ],
)
def test_wrong_input(given: list[str], cure: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert cure in said.err
    assert said.err.count("\n") == 1
