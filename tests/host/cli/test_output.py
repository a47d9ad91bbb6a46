"""Results on stdout, everything else on stderr; bars and spinners only on a terminal."""

import io
import json
import sys

import pytest

from consilience.cli.output import Output, key_values


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_result_as_json_or_as_view(capsys):
    for as_json in (True, False):
        Output(as_json=as_json).result({"a": 1}, key_values({"rows": 1234567, "name": "x"}), "end")
    as_json, *view = capsys.readouterr().out.splitlines()
    assert json.loads(as_json) == {"a": 1}
    assert [line.split() for line in view] == [["rows", "1,234,567"], ["name", "x"], ["end"]]


def test_json_holds_no_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        Output(as_json=True).result({"a": float("nan")})


def test_markup_in_names_is_shown_as_it_is(capsys):
    Output(as_json=False).result({}, key_values({"[bold]": "[/red]"}), "[x]")
    assert "[bold]  [/red]" in capsys.readouterr().out
    Output(as_json=False).failure("column '[red]'", 2)
    assert capsys.readouterr().err == "error: column '[red]'\n"


def test_long_failure_stays_on_one_line(capsys):
    Output(as_json=False).failure("word " * 100, 2)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_no_bar_away_from_a_terminal(capsys):
    output = Output(as_json=False)
    with output.progress() as report, output.working("opening sim"):
        report("reading", 1, 2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "opening sim ...\n"


def test_bars_and_spinner_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    output = Output(as_json=True)
    with output.working("opening sim"):
        pass
    with output.progress() as report:
        report("reading", 1, 2)
        report("reading", 2, 2)
        report("fusing", 1, 4)
    shown = terminal.getvalue()
    assert "opening sim" in shown
    assert "reading" in shown
    assert "100%" in shown
    assert "25%" in shown
    assert capsys.readouterr().out == ""
