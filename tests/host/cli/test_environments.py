"""Odd environments: the same bytes as in any other, or one line with the cure."""

import os
import subprocess
import sys

import pytest

from consilience.cli.app import main

WORDS = [
    *(sys.executable, "-c", "import sys; from consilience.cli.app import main; sys.exit(main())"),
    *("fuse", "e.csv", "--out", "o.csv"),
]
EVIDENCE = "agent,benign,hijacked\n1,-1,-2\n1,-2,-1\n2,-1,-3\n"


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The bytes of the result."""
    folder = tmp_path_factory.mktemp("expected")
    (folder / "e.csv").write_text(EVIDENCE)
    assert main(["fuse", str(folder / "e.csv"), "--out", str(folder / "o.csv")]) == 0
    return (folder / "o.csv").read_bytes()


def fused(folder, before, **variables):
    """Return what became of a fusion in a folder, begun by a shell after the words `before`."""
    (folder / "e.csv").write_text(EVIDENCE)
    return subprocess.run(
        ["sh", "-c", f'{before} "$@"', "sh", *WORDS],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


HOLD = {
    "HOME unset": ("unset HOME;", {}),
    "HOME empty": ("", {"HOME": ""}),
    "TMPDIR gone": ("", {"TMPDIR": "/nonexistent"}),
    "TMPDIR unwritable": ("", {"TMPDIR": "/proc"}),
    "LC_ALL=C": ("", {"LC_ALL": "C"}),
    "LC_ALL=C, no UTF-8": ("", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "optimised": ("", {"PYTHONOPTIMIZE": "2"}),
    "no bytecode": ("", {"PYTHONDONTWRITEBYTECODE": "1"}),
    "warnings are errors": ("", {"PYTHONWARNINGS": "error"}),
    "development mode": ("", {"PYTHONDEVMODE": "1"}),
    "stdin closed": ("exec <&-;", {}),
    "few open files": ("ulimit -n 32;", {}),
    "little memory": ("ulimit -v 3000000;", {}),
    "small files": ("ulimit -f 16;", {}),
    "umask": ("umask 777;", {}),
    "one column": ("", {"COLUMNS": "1"}),
    "no number of columns": ("", {"COLUMNS": "wide"}),
    "TERM=dumb": ("", {"TERM": "dumb"}),
    "TERM unset": ("unset TERM;", {}),
    "NO_COLOR": ("", {"NO_COLOR": "1"}),
    "FORCE_COLOR": ("", {"FORCE_COLOR": "1"}),
    "no PATH": ("PATH=;", {}),
    "kernels not kept": ("", {"NUMBA_CACHE_DIR": "/dev/null/x"}),
    "relative cache": ("", {"CONSILIENCE_CACHE": "cache"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOLD)
def test_an_odd_environment_changes_nothing(tmp_path, expected, name):
    before, variables = HOLD[name]
    # What the shell has done to itself must not stop it from starting the program.
    answer = fused(tmp_path, before, **variables)
    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr
    (tmp_path / "o.csv").chmod(0o600)
    assert (tmp_path / "o.csv").read_bytes() == expected


def test_without_jit_the_program_did_not_start(tmp_path, expected):
    answer = fused(tmp_path, "", NUMBA_DISABLE_JIT="1")
    opening, note = answer.stderr.splitlines()
    assert (answer.returncode, opening) == (0, "opening cpu ...")
    assert note.startswith("note: 2 agents are undecided: no hypothesis has probability 0.95")
    assert (tmp_path / "o.csv").read_bytes() == expected


def test_a_folder_that_is_gone_was_a_traceback(tmp_path):
    """numba looks for it when it is imported."""
    answer = fused(tmp_path, 'mkdir gone; cd gone; rmdir "$PWD";')
    cure = "error: the folder it was started in is gone; change to another (cd)\n"
    assert answer.returncode == 2
    assert answer.stderr.endswith(cure)  # before it the shell may say so, too
    assert "Traceback" not in answer.stderr
