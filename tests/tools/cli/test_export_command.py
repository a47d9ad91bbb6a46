"""`consilience export` as a person meets it."""

import json

from consilience.cli.app import main


def test_files_and_what_is_said(tmp_path, capsys):
    out = tmp_path / "core"
    words = ["export", "--out", str(out), "--lanes", "1", "--small"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "latency_cycles  411" in told.out
    assert f"datasheet {out / 'DATASHEET.md'}" in told.out
    assert main([*words, "--json"]) == 2
    assert "pass --force" in json.loads(capsys.readouterr().out)["error"]
    assert main([*words, "--json", "--force"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert sorted(value["files"]) == sorted(path.name for path in out.iterdir())
    assert (value["lanes"], value["format"]) == (1, "Q16.16")


def test_a_format_that_is_none(tmp_path, capsys):
    assert main(["export", "--out", str(tmp_path), "--format", "float32"]) == 2
    assert "float32: no number format; give one as Q16.16" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
