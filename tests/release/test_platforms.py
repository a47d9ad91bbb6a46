"""Where it does not run it says so, with the cure; its types hold where it is not run here."""

import subprocess
import sys

import pytest

from consilience_tools.cli.board_checks import board_checks
from consilience_tools.pages.stamp import ROOT
from tests.run import TYPED


def test_windows_is_refused_in_words():
    code = "import sys; sys.platform = 'win32'; import consilience"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and "ImportError: consilience runs on Linux and macOS" in last
    assert "WSL" in last


def test_udev_is_looked_for_on_linux_alone(monkeypatch):
    here = {check.name for check in board_checks()}
    monkeypatch.setattr(sys, "platform", "darwin")
    there = {check.name for check in board_checks()}
    assert there < here and any("udev" in name for name in here - there)


@pytest.mark.slow
def test_types_hold_on_macos():
    """Of all that is called, its Python has it: a function that Linux alone has is found."""
    command = [sys.executable, "-m", "mypy", "--platform", "darwin"]
    cache = ["--cache-dir", str(ROOT / "build" / "mypy-darwin")]
    paths = [path for path in TYPED if path != "sim/testbenches"]
    done = subprocess.run([*command, *cache, *paths], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
