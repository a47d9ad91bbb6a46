"""A shell that asks how a word may go on is told commands, and options of the command at hand."""

import os
import subprocess
import sys

import pytest

_PROGRAM = "from consilience.cli.app import main; raise SystemExit(main())"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("consilience mon", {"monitor"}),
        ("consilience monitor --false-al", {"--false-alarm", "--false-alarms-per-day"}),
        ("consilience service tok", {"tokens"}),
    ],
)
def test_words_are_completed(line, expected):
    asked = {"_CONSILIENCE_COMPLETE": "complete_bash", "COMP_WORDS": line}
    place = {"COMP_CWORD": str(len(line.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env={**os.environ, **asked, **place},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(done.stdout.split()) == expected


def test_the_script_of_a_shell_is_shown():
    words = [sys.executable, "-c", _PROGRAM, "--show-completion", "bash"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "complete -o default -F _consilience_completion consilience" in done.stdout
