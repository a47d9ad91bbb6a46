"""Every block of a tutorial runs, and prints what the page says.

That of traces is carried out with the wheel alone: tests/test_wheel.py.
"""

import contextlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.docs.blocks import carried_out
from tests.host.distributed.test_processes import free_port

PAGES = Path(__file__).parents[2] / "docs" / "tutorials"


def test_the_core_in_a_design(tmp_path):
    assert carried_out(PAGES / "core_in_your_design.md", tmp_path).run == 4


def test_the_monitor_in_a_design(tmp_path):
    assert carried_out(PAGES / "monitor_in_your_design.md", tmp_path).run == 4


def test_without_a_board(tmp_path):
    assert carried_out(PAGES / "board.md", tmp_path).run == 7


def test_a_fleet_on_three_machines(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin")
    if shutil.which("nats-server") is None:
        pytest.skip("nats-server is not installed; Debian: apt install nats-server")
    page = PAGES / "fleet_on_three_machines.md"
    try:
        assert carried_out(page, tmp_path, ports={"4222": free_port()}).run == 17
    finally:  # what is left where a step failed
        for one in tmp_path.glob("*.pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(one.read_text()), signal.SIGKILL)
