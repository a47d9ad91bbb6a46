"""Exit codes, one JSON object, and no traceback for what a user can cause."""

import errno
import importlib.metadata
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from consilience import errors
from consilience.cli.app import main

PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from consilience.cli.app import main; sys.exit(main())",
]


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == importlib.metadata.version("consilience")


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_lists_the_commands_and_the_exit_codes(capsys, words):
    assert main(words) == 0
    shown = capsys.readouterr().out
    for word in ("demo", "fuse", "status", "serve", "doctor", "Exit codes", "130 interrupted"):
        assert word in shown


@pytest.mark.parametrize("command", ["demo", "fuse", "status", "serve", "doctor"])
def test_every_command_has_help_and_json(capsys, command):
    assert main([command, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["nothing"], "try 'consilience --help'"),
        (["fuse"], "try 'consilience fuse --help'"),
        (["status", "--port", "1"], "try 'consilience status --help'"),
        (["serve", "--port", "99999"], "try 'consilience serve --help'"),
    ],
)
def test_usage_errors(capsys, words, hint):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    first, second = captured.err.splitlines()
    assert first.startswith("error: ")
    assert second == hint


def test_usage_error_with_json_is_one_object(capsys):
    assert main(["fuse", "--json"]) == 2
    failure = json.loads(capsys.readouterr().out)
    assert failure == {"error": "Missing argument 'EVIDENCE'.", "exit_code": 2}


def raising(error):
    def open_device(url):
        raise error

    return open_device


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConsilienceError("one\nline"), 1),
        (errors.BadInput("one line"), 2),
        (errors.ToolMissing("one line"), 3),
        (errors.NoDevice("one line"), 4),
        (errors.PermissionRefused("one line"), 5),
        (errors.AbiMismatch("one line"), 6),
        (errors.LinkError("one line"), 7),
        (errors.Mismatch("one line"), 8),
        (OSError(errno.EIO, "one line"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(capsys, monkeypatch, error, code):
    monkeypatch.setattr("consilience.cli.device_option.open_device", raising(error))
    assert main(["status", "--json"]) == code
    captured = capsys.readouterr()
    if code == 130:
        assert captured.err.splitlines()[-1] == "interrupted"
        return
    assert json.loads(captured.out) == {"error": "one line", "exit_code": code}
    assert captured.err.splitlines()[-1] == "error: one line"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left", "o.csv"), "o.csv: No space left"),
        (OSError(errno.EADDRINUSE, "Address in use"), "Address in use"),
        (
            OSError(errno.EFBIG, "Too large"),
            "Too large; raise the limit of a file's size (ulimit -f)",
        ),
        (OSError(errno.EMFILE, "Too many"), "Too many; raise the limit of open files (ulimit -n)"),
        (OSError("nothing known"), "nothing known"),
        (MemoryError(), "out of memory"),
    ],
)
def test_what_the_system_refuses_is_told_without_a_traceback(capsys, monkeypatch, error, message):
    """And without options that the command does not have."""
    monkeypatch.setattr("consilience.cli.device_option.open_device", raising(error))
    assert main(["status"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {message}"


@pytest.mark.parametrize(
    ("words", "error", "cure"),
    [
        (
            "fuse e.csv",
            OSError(errno.ENOSPC, "full"),
            "full; free some, or choose another --out or",
        ),
        ("node e.csv", OSError(errno.ENOSPC, "full"), "full; free some, or choose another --log"),
        ("fuse e.csv", MemoryError(), "memory; use a smaller --chunk-rows or --bucket-rows"),
        ("node e.csv", MemoryError(), "out of memory; use a smaller --chunk-rows"),
        ("watch", OSError(errno.EADDRINUSE, "taken"), "taken; choose another --metrics"),
    ],
)
def test_options_that_a_command_does_not_have_were_its_cure(
    tmp_path, capsys, monkeypatch, words, error, cure
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("consilience.cli.device_option.open_device", raising(error))
    Path("e.csv").write_text("agent,a,b\n1,-1,-2\n")
    more = {"fuse": ["--out", "o.csv"], "node": ["--shard", "1/1", "--volatile"], "watch": []}
    first, *rest = words.split()
    assert main([first, *rest, *more[first]]) == 1
    assert cure in capsys.readouterr().err.splitlines()[-1]


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr("consilience.cli.device_option.open_device", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["status"])


def test_logs_and_warnings_go_to_stderr(capsys, monkeypatch):
    def open_device(url):
        logging.getLogger("consilience.link").info("a log line")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("another build", stacklevel=1)
        raise errors.NoDevice("none")

    monkeypatch.setattr("consilience.cli.device_option.open_device", open_device)
    assert main(["status", "--json"]) == 4
    captured = capsys.readouterr()
    json.loads(captured.out)
    assert "a log line\nwarning: another build\n" in captured.err


def test_main_works_off_the_main_thread(capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(main(["--version"])))
    thread.start()
    thread.join()
    assert codes == [0]


def test_a_polite_kill_unwinds_and_the_old_handler_comes_back(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)

    def open_device(url):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    monkeypatch.setattr("consilience.cli.device_option.open_device", open_device)
    with pytest.raises(SystemExit) as caught:
        main(["status"])
    assert caught.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 128 + signal.SIGTERM),
        (signal.SIGHUP, 128 + signal.SIGHUP),
    ],
)
def test_a_killed_run_leaves_nothing_behind(tmp_path, number, code):
    """A real process, stopped while it reads a file that takes it minutes."""
    rows = "agent,a,b\n" + "1,-1,-2\n" * 4_000_000
    (tmp_path / "e.csv").write_text(rows)
    words = ["fuse", "e.csv", "--out", "o.csv", "--chunk-rows", "64", "--bucket-rows", "64"]
    process = subprocess.Popen(
        [*PROGRAM, *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell may have started the tests with SIGHUP ignored, which children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".o.csv.*.part")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["e.csv"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_stdout_that_is_full_is_told_of_in_one_line(unbuffered):
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [*PROGRAM, "status", "--json"],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    # It was named as another --out.
    assert answer.stderr.splitlines()[-1] == "error: stdout: No space left on device"


def test_names_beyond_the_encoding_of_the_terminal(tmp_path):
    (tmp_path / "e.csv").write_text("agent,b\u00e9nin,h\n1,-1,-2\n", encoding="utf-8")
    answer = subprocess.run(
        [*PROGRAM, "fuse", "e.csv", "--out", "o.csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "b\\xe9nin" in answer.stdout


def test_installed_program_is_this_one():
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="consilience")
    assert entry.load() is main
    script = Path(sys.executable).with_name("consilience")
    answer = subprocess.run(
        [script, "--version"], capture_output=True, text=True, check=True, env=os.environ
    )
    assert answer.stdout.strip() == importlib.metadata.version("consilience")


@pytest.mark.parametrize(("closed", "code"), [(">&-", 1), ("2>&-", 0)])
def test_a_closed_stream_was_a_traceback(closed, code):
    answer = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *PROGRAM, "status", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == code
    if code:
        assert answer.stderr == "error: stdout is closed; there is nowhere to print the result\n"
    else:
        assert json.loads(answer.stdout)["board"] == "cpu"
