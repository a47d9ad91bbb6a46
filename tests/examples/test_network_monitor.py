"""The example of a monitor on a network, with few observations."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples import network_monitor


def test_who_is_not_root_is_told(monkeypatch, capsys):
    monkeypatch.delenv(network_monitor.INSIDE, raising=False)
    monkeypatch.setattr(sys, "argv", ["network_monitor"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert network_monitor.main() == 5
    assert "python -m examples.network_monitor\n" in capsys.readouterr().err.replace("3 ", " ")


@pytest.mark.slow
def test_alarms_through_the_kernel_are_those_of_the_library(record_property):
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        pytest.skip("needs root and /dev/net/tun: a TAP interface in a network namespace")
    command = [sys.executable, "-m", "examples.network_monitor", "--observations", "80000"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    found = re.search(r"alarms equal the library's (\d+), agent, statistic and number", run.stdout)
    assert int(found[1]) >= 20
    assert "of 20 agents that changed 20 are named" in run.stdout
    assert "TAKEN 80,000" in run.stdout
    assert "missed 0" in run.stdout and "FULL" not in run.stdout
    record_property("claim", "observations and alarms through the kernel's UDP: the library's")
    record_property("cases", 80_000)
