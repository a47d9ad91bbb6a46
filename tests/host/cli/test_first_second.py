"""The first second of the program: imports, that an interruption ended in a traceback."""

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from consilience.cli import app
from consilience.extras import install_command

PROGRAM = """
import os, sys
from consilience.cli import app
command = app._command
app._command = lambda words: (os.write(2, b"."), command(words))[1]
sys.exit(app.main())
"""
"""Says when it is guarded: until then the interpreter starts, which no program can guard."""

COMMANDS = {
    "fuse": ("fuse", "e.csv", "--out", "o.csv"),
    "help": ("--help",),
    "doctor": ("doctor",),
}
SPAN = 1.5
ENDS = {signal.SIGINT: (130, -2), signal.SIGTERM: (143, -15), signal.SIGHUP: (129, -1)}
"""Exit codes, and what a shell shows as the same: SIGTERM and SIGHUP end the imports by themselves,
all three the last moments of the interpreter; silently."""


def ended(folder, command, number, after):
    """Return exit code and what was said on stderr by a command that got a signal in time."""
    (folder / "e.csv").write_text("agent,benign,hijacked\n1,-1,-2\n1,-2,-1\n")
    (folder / "o.csv").unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *COMMANDS[command]],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.read(process.stderr.fileno(), 1)
    time.sleep(after)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    return process.returncode, told.decode()


def check(folder, command, number, after):
    code, told = ended(folder, command, number, after)
    assert "Traceback" not in told
    assert "ignored" not in told, told
    assert code in (0, *ENDS[number])
    if code == 130:
        assert told.splitlines()[-1] == "interrupted"
    left = {path.name for path in folder.iterdir()} - {"e.csv"}
    assert left <= {"o.csv"}
    if left:  # it had written when it was interrupted: whole, then, whatever the code
        lines = (folder / "o.csv").read_text().splitlines(keepends=True)
        assert len(lines) == 2
        assert lines[-1].endswith("\n")
    else:
        assert code != 0 or command != "fuse"


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3, 0.6])
def test_an_interruption_of_the_imports_ended_in_a_traceback(tmp_path, after):
    check(tmp_path, "fuse", signal.SIGINT, after)


@pytest.mark.slow
@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
@pytest.mark.parametrize("command", COMMANDS)
def test_thirty_moments_of_the_first_second_and_a_half(tmp_path, command, number):
    for moment in range(30):
        check(tmp_path, command, number, SPAN * moment / 30)


@pytest.mark.slow
def test_thirty_moments_while_kernels_are_compiled(tmp_path, monkeypatch):
    monkeypatch.setenv("CONSILIENCE_CACHE", "/dev/null/cache")
    for moment in range(30):
        check(tmp_path, "fuse", signal.SIGINT, 3 * moment / 30)


def test_nothing_slow_is_imported_before_the_guard():
    """What comes before it cannot be guarded, so it is little: the standard library's, and few."""
    script = "import sys; before = {*sys.modules}; import consilience.cli.app; "
    script += "print(*{*sys.modules} - before)"
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(answer.stdout.split())
    ours = {name for name in loaded if name.startswith("consilience")}
    assert ours == {"consilience", "consilience.cli", "consilience.cli.app"}
    assert loaded - ours <= {"signal", "enum", "types", "operator", "_operator", "functools"} | {
        *("collections", "_collections", "keyword", "reprlib", "itertools", "_functools", "re")
    }


def test_python_m_consilience_was_no_program():
    answer = subprocess.run(
        [sys.executable, "-m", "consilience", "--version"], capture_output=True, text=True
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.count(".") == 2


def test_an_interruption_that_is_ignored_stays_so(tmp_path):
    """As of a program that a shell began in the background."""
    words = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", PROGRAM, "--version"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.read(process.stderr.fileno(), 1)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("error", "number"),
    [(KeyboardInterrupt(), signal.SIGINT), (SystemExit(143), signal.SIGTERM)],
    ids=["SIGINT", "SIGTERM"],
)
def test_an_interruption_in_a_destructor_was_dropped_with_a_traceback(capsys, error, number):
    came = []
    before = signal.signal(number, lambda number, _frame: came.append(number))
    try:
        app._repeat(SimpleNamespace(exc_type=type(error), exc_value=error))
        deadline = time.monotonic() + 5
        while not came and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        signal.signal(number, before)
    assert came == [number]
    assert capsys.readouterr().err == ""


def test_an_incomplete_installation_ended_in_a_traceback(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ModuleNotFoundError('No module named x', name='x')")
    words = [sys.executable, "-c", "from consilience.cli.app import main; main()", "status"]
    answer = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.stderr == f"error: No module named x; repair it: {install_command()}\n"
