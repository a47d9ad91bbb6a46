"""`consilience traces`: one JSON object, a table for people, warnings, and refusals in a line."""

import json
from pathlib import Path

import pytest

from consilience.cli.app import main

DATA = Path(__file__).parent.parent / "traces" / "data"


def ran(capsys, *words):
    code = main(["traces", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


def test_json_has_the_sequences_and_what_the_file_was_taken_for(capsys):
    code, out, err = ran(capsys, DATA / "otlp_nested.json", "--json")
    given = json.loads(out)
    assert code == 0 and given["file"] == "otlp_nested.json" and given["format"] == "otlp"
    assert given["recognised_by"] == "the key resourceSpans" and given["warnings"] == []
    assert given["kind"] == "tool_calls" and given["order_by"] == "startTimeUnixNano"
    assert given["sequences"][0]["calls"][1] == {
        "tool": "look_up",
        "call_id": "call_2",
        "error": True,
        "time": "1700000000000000030",
        "has_result": True,
        "agent": "lead",
        "agent_span": "b1" * 8,
    }
    assert [one["agent"] for one in given["by_agent"]] == ["lead", "helper"]
    assert "taken for OTLP JSON (OpenTelemetry) (otlp): the key resourceSpans" in err


def test_a_person_gets_a_table(capsys):
    code, out, _ = ran(capsys, DATA / "claude_code.jsonl")
    assert code == 0
    header, *rows = (line.split() for line in out.splitlines())
    assert header == ["run", "agent", "calls", "errors", "open", "tools"]
    assert rows == [["s", "main", "1", "0", "0", "Task"], ["s", "sidechain", "1", "1", "0", "Bash"],
                    ["r", "main", "1", "0", "1", "Read"]]  # fmt: skip
    code, out, _ = ran(capsys, DATA / "scores.csv")
    assert code == 0 and out.splitlines()[1].split() == ["r1", "a", "2", "0.25,", "0.5"]
    code, out, _ = ran(capsys, DATA / "speed.csv")
    assert code == 0 and out.splitlines()[1].split() == ["speed", "3", "1.5", "4.0"]


def test_a_long_table_is_cut_and_says_so(capsys, tmp_path):
    path = tmp_path / "many.jsonl"
    line = {"messages": [{"role": "user", "content": "x"}]}
    path.write_text(f"{json.dumps(line)}\n" * 1045)
    code, out, err = ran(capsys, path)
    assert code == 0 and out.splitlines()[-1] == "and 1,005 more; --json has all"
    assert "warning: the file names no tool call" in err


def test_calls_that_cannot_be_known_are_no_failure(capsys):
    code, out, err = ran(capsys, DATA / "tau_bench_text.jsonl", "--json")
    given = json.loads(out)
    assert code == 0 and [one["calls"] for one in given["sequences"]] == [[], []]
    assert "names of the tools are not recorded" in given["warnings"][0] and "warning: " in err


def test_lines_that_are_no_json_are_counted(capsys):
    code, out, _ = ran(capsys, DATA / "otlp_lines.jsonl", "--json")
    told = ["1 lines are no JSON objects or lists, and were left out"]
    assert code == 0 and json.loads(out)["warnings"] == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["missing.json"], "missing.json: cannot be read (No such file or directory)"),
        (
            [DATA / "atif.json", "--format", "otlp"],
            "nothing that format otlp reads; it looks like atif",
        ),
        ([DATA / "atif.json", "--format", "xml"], "xml: no format; choose auto, otlp"),
        ([Path(__file__)], "of no known format; export it as OTLP JSON"),
    ],
)
def test_bad_input_is_told_in_one_line_with_its_cure(words, told, capsys):
    code, out, err = ran(capsys, *words, "--json")
    assert code == 2 and len(err.splitlines()) == 1 and told in err
    assert json.loads(out)["exit_code"] == 2


def test_a_format_that_is_named_is_taken(capsys):
    code, out, _ = ran(capsys, DATA / "unknown_calls.jsonl", "--format", "any", "--json")
    assert code == 0 and json.loads(out)["recognised_by"].startswith("as asked; ")


def test_several_files_and_a_folder_are_read(capsys, tmp_path):
    for name in ("atif.json", "below/jaeger.json"):
        path = tmp_path / "runs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((DATA / Path(name).name).read_bytes())
    (tmp_path / "runs" / "notes.md").write_text("# no trace\n\nat all\n")
    (tmp_path / "runs" / ".hidden.json").write_text("{}")
    code, out, err = ran(capsys, tmp_path / "runs", DATA / "scores.csv", "--json")
    given = json.loads(out)["files"]
    assert code == 0
    assert [one["file"] for one in given] == ["atif.json", "below/jaeger.json", "scores.csv"]
    assert err.count("left out") == 1 and "notes.md: of no known format" in err
    code, out, _ = ran(capsys, tmp_path / "runs", DATA / "scores.csv")
    assert code == 0 and "below/jaeger.json" in out.splitlines()
    code, _, err = ran(capsys, DATA / "scores.csv", tmp_path / "runs" / "notes.md")
    assert code == 2 and "notes.md: of no known format" in err
    (tmp_path / "empty").mkdir()
    code, _, err = ran(capsys, tmp_path / "empty")
    assert code == 2 and "has no file of a known format" in err


def test_what_a_file_says_does_nothing_to_the_terminal(capsys, tmp_path):
    path = tmp_path / "x.json"
    call = {"id": "1", "function": {"name": "\x1b[2Jf\ud800", "arguments": "{}"}}
    path.write_text(json.dumps([{"role": "assistant", "tool_calls": [call]}]))
    code, out, _ = ran(capsys, path)
    assert code == 0 and "\ufffd[2Jf\ufffd" in out and "\x1b" not in out
    path.write_text("timestamp,\x1b[2Jv\n2026-01-01,1\n")
    code, out, err = ran(capsys, path)
    assert code == 0 and "\x1b" not in out + err
