"""A shell that asks how a word may go on is told commands, and options of the command at hand."""

import os
import subprocess
import sys

import pytest
import shellingham

from consilience.cli.app import main
from consilience.cli.completion import with_shell
from consilience.errors import BadInput

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


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "complete -o default -F _consilience_completion consilience"),
        ("zsh", "compdef _consilience_completion consilience"),
        ("fish", "complete --command consilience --no-files"),
        ("powershell", "Register-ArgumentCompleter -Native -CommandName consilience"),
    ],
)
def test_the_script_of_the_shell_that_is_named_is_shown(shell, line):
    words = [sys.executable, "-c", _PROGRAM, "--show-completion", shell]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert line in done.stdout


def test_the_script_of_the_shell_that_is_named_is_installed(tmp_path):
    words = [sys.executable, "-c", _PROGRAM, "--install-completion", "zsh"]
    home = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run(words, env=home, capture_output=True, check=True)
    assert "#compdef consilience" in (tmp_path / ".zfunc" / "_consilience").read_text()


def test_the_shell_that_runs_the_program_needs_no_name(monkeypatch):
    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("zsh", "/bin/zsh"))
    assert with_shell(["--show-completion"]) == ["--show-completion", "zsh"]
    assert with_shell(["--show-completion", "bash"]) == ["--show-completion", "bash"]


def test_without_a_shell_that_completes_words_one_is_to_be_named(monkeypatch, capsys):
    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("dash", "/bin/dash"))
    assert main(["--show-completion"]) == BadInput.exit_code
    assert "dash, which runs this, does not complete words; name one" in capsys.readouterr().err

    def _none():
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr(shellingham, "detect_shell", _none)
    assert main(["--install-completion"]) == BadInput.exit_code
    assert "--install-completion bash | zsh | fish" in capsys.readouterr().err


def test_a_shell_that_is_none_is_refused(capsys):
    assert main(["--show-completion", "zzz"]) == BadInput.exit_code
    assert "'zzz' is not one of 'bash', 'zsh'" in capsys.readouterr().err
