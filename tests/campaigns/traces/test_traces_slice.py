"""A slice of `python -m tests.campaigns.traces`: its table, its exit codes, what it measures."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.campaigns.traces import __main__ as campaign
from tests.campaigns.traces.speed import spans_a_second

DATA = Path(__file__).parents[2] / "host" / "traces" / "data"


def ran(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["traces", *map(str, words)])
    code = campaign.main()
    return code, capsys.readouterr().out.splitlines()


@pytest.fixture
def folder(tmp_path):
    for name in ("atif.json", "jaeger.json"):
        for one in (name, f"{name}.expected.json"):
            shutil.copyfile(DATA / one, tmp_path / one)
    return tmp_path


def test_a_folder_that_the_environment_names_is_read(folder, monkeypatch, capsys):
    monkeypatch.setenv(campaign.FOLDER, str(folder))
    code, lines = ran(monkeypatch, capsys)
    assert code == 0 and lines[-1] == "2 files, 0 differ"
    assert [line.split() for line in lines[:2]] == [
        ["atif.json", "atif", "equal"],
        ["jaeger.json", "jaeger", "equal"],
    ]


def test_a_difference_and_a_refusal_are_told(folder, monkeypatch, capsys):
    path = folder / "atif.json.expected.json"
    answer = json.loads(path.read_text())
    answer["sequences"][0]["calls"][0]["tool"] = "other"
    path.write_text(json.dumps(answer))
    (folder / "jaeger.json").write_text("no trace\n")
    code, lines = ran(monkeypatch, capsys, folder)
    assert code == 1 and lines[-1] == "2 files, 2 differ"
    assert lines[0].endswith("s, call 0: tool 'run', expected 'other'")
    assert "refused: " in lines[1]


def test_a_name_that_the_file_does_not_hold_is_no_difference_but_told(folder, monkeypatch, capsys):
    for name, expected in (("elsewhere", 0), ("Datapoints", 1)):
        answer = {"kind": "tool_calls", "sequences": [{"conversation": name, "calls": []}]}
        (folder / "x.json.expected.json").write_text(json.dumps(answer))
        (folder / "x.json").write_text('[{"role": "user", "content": "Datapoints"}]')
        code, lines = ran(monkeypatch, capsys, folder)
        told = [line for line in lines if line.startswith("x.json")]
        assert code == expected and ("but for 1 names" in told[0]) is not bool(expected)


def test_without_a_folder_or_answers_there_is_a_usage_error(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(campaign.FOLDER, raising=False)
    for words in ([], [tmp_path]):
        with pytest.raises(SystemExit) as leaving:
            ran(monkeypatch, capsys, *words)
        assert leaving.value.code == 2


def test_the_speed_is_that_of_all_spans():
    rate, size = spans_a_second(400)
    assert rate > 0 and 500 < size < 900
