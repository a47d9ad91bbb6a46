"""The example of the simulated board on Ethernet: its ping, its message, and all of it."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from examples import ethernet_board


def test_an_echo_request_has_the_checksum_of_the_internet():
    """RFC 1071: the sum of all words, checksum included, is all ones."""
    for number in range(70_000, 70_010):
        message = ethernet_board._echo(8, 0xFFFF, number & 0xFFFF)
        total = sum(struct.unpack(f"!{len(message) // 2}H", message))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        assert total == 0xFFFF
        assert message[4:8] == struct.pack("!HH", 0xFFFF, number & 0xFFFF)


def test_who_is_not_root_is_told(monkeypatch, capsys):
    monkeypatch.delenv(ethernet_board.INSIDE, raising=False)
    monkeypatch.setattr(sys, "argv", ["ethernet_board"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert ethernet_board.main() == 5
    assert capsys.readouterr().err == (
        "error: a network namespace needs root: sudo make ethernet\n"
    )


@pytest.mark.slow
def test_agent_traces_over_udp(tmp_path):
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        pytest.skip("needs root and /dev/net/tun: a TAP interface in a network namespace")
    run = subprocess.run(
        [sys.executable, "-m", "examples.ethernet_board", "--out", str(tmp_path / "report.html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert re.search(r"ping 10\.77\.0\.2: 10 of 10 answered", run.stdout)
    assert "codes over UDP: 0 mismatches against the golden model" in run.stdout
    assert (tmp_path / "report.html").stat().st_size > 10_000
