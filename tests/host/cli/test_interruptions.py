"""Hosts that are killed in mid-job and devices that are reset: what comes next works."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from consilience.cli.app import main
from consilience.devices.cpu import CpuDevice
from consilience.devices.linked import open_linked
from consilience.server.endpoint import SoftwareEndpoint
from consilience.server.server import LinkServer

PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from consilience.cli.app import main; sys.exit(main())",
]
AGENTS = 10_000


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """A file that takes the simulated gateware some seconds, and what comes of it on the cpu."""
    folder = tmp_path_factory.mktemp("evidence")
    rng = np.random.default_rng(1)
    rows = rng.normal(-3, 2, (4 * AGENTS, 2)).round(3)
    agents = rng.permutation(4 * AGENTS) % AGENTS
    np.savez(folder / "e.npz", agent=agents, benign=rows[:, 0], hijacked=rows[:, 1])
    assert main(["fuse", str(folder / "e.npz"), "--out", str(folder / "cpu.csv")]) == 0
    return folder / "e.npz", (folder / "cpu.csv").read_bytes()


@contextlib.contextmanager
def served(device, port=0):
    """Serve a device from a process of its own; give the process and the URL."""
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--device", device, "--port", str(port), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process, json.loads(process.stdout.readline())["address"]
    finally:
        process.kill()
        process.communicate()


def fuse(evidence, out, url):
    """Return the words of a fusion that writes a block after the other."""
    words = ["fuse", str(evidence), "--out", str(out), "--device", url]
    return [*words, "--chunk-rows", "500", "--force"]


def start(words, out):
    """Start a fusion in a process of its own and wait until some results are written."""
    process = subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not any(part.stat().st_size for part in out.parent.glob(f".{out.name}.*.part")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_host_that_is_killed_in_mid_job(tmp_path, evidence, number):
    """The device outlives it: the gateware, behind a server."""
    source, expected = evidence
    out = tmp_path / "o.csv"
    with served("sim") as (_, url):
        for old in (None, b"old"):
            if old is not None:
                out.write_bytes(old)
            process = start(fuse(source, out, url), out)
            process.send_signal(number)
            process.communicate(timeout=30)
            assert process.returncode == (130 if number == signal.SIGINT else -number)
            assert (out.read_bytes() if out.exists() else None) == old
        # What is left after an outright kill are parts, under no final name.
        left = [path.name for path in tmp_path.iterdir() if path != out]
        assert all(name.startswith(".o.csv.") for name in left)
        assert bool(left) == (number == signal.SIGKILL)
        with open_linked(url) as device:
            before = device.info.counters["frames"]
            assert before > 2  # it was not reset
        assert main(fuse(source, out, url)) == 0
        assert out.read_bytes() == expected
        assert list(tmp_path.iterdir()) == [out]


def test_a_device_that_goes_in_mid_job_and_comes_back(tmp_path, evidence):
    source, expected = evidence
    out = tmp_path / "o.csv"
    with served("sim") as (server, url):
        process = start(fuse(source, out, url), out)
        server.kill()
        _, told = process.communicate(timeout=60)
        assert process.returncode == 7
        assert b"open the device again" in told
        assert list(tmp_path.iterdir()) == []
    with served("sim", url.rpartition(":")[2]) as (_, again):
        assert again == url
        assert main(fuse(source, out, url)) == 0
    assert out.read_bytes() == expected


def test_a_device_that_is_reset_in_mid_job(tmp_path, monkeypatch, evidence, capsys):
    """The job goes on by itself."""
    source, expected = evidence
    out = tmp_path / "o.csv"
    monkeypatch.setattr("consilience.devices.tcp.REPLY_TIMEOUT", 0.2)
    endpoint = SoftwareEndpoint(CpuDevice())
    send, sent = endpoint.send, [0]

    def send_and_reset(data):
        sent[0] += 1
        if sent[0] % 30 == 0:
            endpoint.reset()
        send(data)

    endpoint.send = send_and_reset
    with LinkServer(endpoint) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert main(fuse(source, out, server.address)) == 0
        finally:
            server.stop()
            thread.join(10)
    assert sent[0] > 60
    assert out.read_bytes() == expected
