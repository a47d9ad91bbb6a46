"""The program: scores as files, figures as text or JSON, wrong input in one line."""

import csv
import json
from pathlib import Path

import pytest

from examples.server_metrics.__main__ import main
from examples.server_metrics.streams import DATA, Stream, read_streams
from examples.server_metrics.watching import watch

NAMES = "realTraffic/speed_7578.csv", "realAdExchange/exchange-3_cpc_results.csv"


@pytest.fixture
def data(bundled: dict[str, Stream], tmp_path: Path) -> Path:
    for name in NAMES:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True)
        rows = "".join(f"{when},{value}\n" for when, value in bundled[name].texts)
        path.write_text("timestamp,value\n" + rows)
    windows = json.loads((DATA / "windows.json").read_text())
    (tmp_path / "data" / "windows.json").write_text(json.dumps({n: windows[n] for n in NAMES}))
    return tmp_path / "data"


def test_scores(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "windows.json").unlink()  # labels are no part of it
    out = tmp_path / "out"
    assert main(["--data", str(data), "--scores", str(out)]) == 0
    assert capsys.readouterr().out.startswith("2 files, 2,665 rows")
    for stream in read_streams(data):
        with (out / stream.name).open(newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["timestamp", "value", "anomaly_score"]
        assert [(when, value) for when, value, _ in rows[1:]] == stream.texts
        assert [float(score) for *_, score in rows[1:]] == watch(stream).scores.tolist()


def test_figures(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(data)]) == 0
    text = capsys.readouterr().out
    assert "promised: one false alarm in 1,000,000 rows" in text
    assert "numenta" not in text  # published for other files
    assert main(["--data", str(data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["files"]) == set(NAMES)
    assert found["shuffled"][0] == 0
    assert found["best"]["standard"] >= found["alarms"]["standard"]


def test_rows_without_values_are_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (data / NAMES[0]).open("a") as file:
        file.write("2015-09-17 17:00:00,\n")
    assert main(["--data", str(data), "--scores", str(tmp_path / "out")]) == 0
    assert "1 of 1128 rows have no value" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", ["no labels", "other labels", "bad labels", "bad file", "bad out"]
)
def test_wrong_input(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    arguments = ["--data", str(data)]
    if wrong == "no labels":
        (data / "windows.json").unlink()
    elif wrong == "other labels":
        (data / "windows.json").write_text("{}")
    elif wrong == "bad labels":
        (data / "windows.json").write_text("[1]")
    elif wrong == "bad file":
        (data / "x.csv").write_text("a,b\n")
        arguments += ["--scores", str(tmp_path / "out")]
    else:
        (tmp_path / "out").write_text("a file")
        arguments += ["--scores", str(tmp_path / "out")]
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    assert wrong != "bad file" or not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_given_half(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["best"]["standard"] >= 65
    assert found["left_out"]["standard"] >= 55
