"""The table of commands: imported when called, told of from their source."""

import inspect
import subprocess
import sys

import pytest
import typer

from consilience.cli.app import main
from consilience.cli.commands import COMMANDS, imported, opening_lines

HEAVY = {"numba", "numpy", "pyarrow", "cryptography", "nats", "asyncio", "amaranth", "matplotlib"}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_of_a_command_what_its_docstring_says(name):
    command = imported(name)
    said = command.info.help if isinstance(command, typer.Typer) else inspect.getdoc(command)
    assert opening_lines(name) == said
    assert len(opening_lines(name).splitlines()[0]) > 20


@pytest.mark.parametrize("words", [["--help"], ["--version"], [], ["nothing"]])
def test_help_imported_every_command_and_took_a_second(words):
    script = "import sys; from consilience.cli.app import main; sys.argv[1:] = sys.argv[2:]; main()"
    script += "; print(*sys.modules, file=sys.stderr)"
    answer = subprocess.run(
        [sys.executable, "-c", script, "-", *words], capture_output=True, text=True, check=True
    )
    loaded = set(answer.stderr.split())
    assert loaded.isdisjoint(HEAVY)
    commands = {place.module for place in COMMANDS.values()}
    assert "consilience.cli.commands" in loaded and loaded.isdisjoint(commands)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--", "status"], "error bound"),
        (["--help", "fuse"], "Watch runs, and say when"),
        (["fuse", "--help"], "--chunk-rows"),
    ],
)
def test_options_before_a_command(capsys, words, shown):
    assert main(words) == 0
    assert shown in capsys.readouterr().out


def test_a_mistyped_command_is_told_its_neighbour(capsys):
    assert main(["fuze"]) == 2
    assert "Did you mean 'fuse'?" in capsys.readouterr().err
