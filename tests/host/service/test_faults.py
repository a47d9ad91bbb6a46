"""The whole program where its surroundings fail: a full disk, a log that nobody reads, a clock."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import httpx
import pytest

from tests.host.service.test_recovery import OPTIONS, batch

PROGRAM = "import sys; from consilience.cli.app import main; sys.exit(main())"


class Program:
    """`consilience serve --http` in a process, whose log is a pipe."""

    def __init__(self, state, *options, before=()):
        words = [sys.executable, "-c", PROGRAM, "serve", "--http", "127.0.0.1:0", "--json"]
        words += ["--state", str(state), "--log-format", "json", *options]
        self.process = subprocess.Popen(
            [*before, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        said = self.process.stdout.readline()
        assert said, self.process.stderr.read().decode()
        self.http = httpx.Client(base_url=json.loads(said)["url"], timeout=30)

    def send(self, rows):
        return self.http.post("/v1/observations", json={"observations": rows})

    def end(self):
        """End it; return its exit code, how long that took, and the lines of its log."""
        self.http.close()
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        log = self.process.communicate(timeout=60)[1].decode()
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        return self.process.returncode, time.monotonic() - begun, lines


@pytest.fixture
def program():
    made = []

    def start(*words, **more):
        made.append(Program(*words, **more))
        return made[-1]

    yield start
    for one in made:
        one.http.close()
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


@pytest.mark.slow
def test_a_log_that_nobody_reads_stops_nothing(program, tmp_path):
    """64 KiB of lines stopped the engine, and with it every sender."""
    served = program(tmp_path / "state", "--asserted", "1", "--threshold-bits", "10")
    for first in range(0, 6000, 1000):  # an alarm, and a line, for each agent
        rows = [{"agent": f"agent-{n}", "run": 1, "x": [20]} for n in range(first, first + 1000)]
        assert len(served.send(rows).json()["alarms"]) == 1000
    metrics = served.http.get("/metrics").text
    (dropped,) = (
        float(line.split()[1])
        for line in metrics.splitlines()
        if line.startswith('consilience_log_messages_total{level="dropped"}')
    )
    assert dropped > 1000
    served.http.close()
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(30) == 0  # and it ends, though nobody reads


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="mounts a small disk")
def test_a_disk_that_is_really_full(program, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=1m tmpfs {disk} && exec " + '"$@"'
    served = program(
        disk / "state", "--arl", "1000", before=("unshare", "--mount", "sh", "-c", mount, "sh")
    )
    number, refused = 0, None
    while refused is None:
        rows = [{"agent": f"{n}", "run": number * 500 + n, "score": n % 7} for n in range(500)]
        found = served.send(rows)
        refused = found if found.status_code != 200 else None
        number += 1
        assert number < 1000
    assert refused.status_code == 507, refused.text
    assert refused.json()["title"] == "no room on the disk"
    position = served.http.get("/v1/status").json()["position"]
    copy = tmp_path / "copy"
    within = Path(f"/proc/{served.process.pid}/root{disk}")
    filler = within / "filler"
    with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    served.http.close()
    served.process.send_signal(signal.SIGSTOP)  # its disk goes with it
    shutil.copytree(within / "state", copy)
    served.process.send_signal(signal.SIGCONT)
    code, _, lines = served.end()
    assert code == 0
    assert any("nothing that was answered is lost" in one["message"] for one in lines), lines
    assert not any("exception" in one for one in lines), lines
    again = program(copy, "--arl", "1000")
    assert again.http.get("/v1/status").json()["position"] == position
    assert again.end()[0] == 0


@pytest.mark.slow
def test_two_programs_on_one_state(program, tmp_path):
    first = program(tmp_path / "state", "--arl", "1000")
    words = ["serve", "--http", "127.0.0.1:0", "--state", str(tmp_path / "state"), "--arl", "1000"]
    second = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    assert second.stderr.endswith("state: another service has it; stop that first\n")
    assert first.send([{"agent": "a", "run": 1, "score": 1}]).status_code == 200


def test_a_clock_that_jumps_changes_no_verdict(start, tmp_path):
    """Years ahead, back before 1970, and on: the same alarms and the same digest."""
    start("steady", options=OPTIONS).service.close()
    shutil.copytree(tmp_path / "steady", tmp_path / "jumping")  # with the seed of its ties
    steady, jumping = start("steady", options=OPTIONS), start("jumping", options=OPTIONS)
    jumping.service.engine._clock = iter([10**13, -(10**12), 0, 3, 2, 10**14] * 100).__next__
    found = []
    for asked in (steady, jumping):
        rng = Random(1)
        for number in range(25, 55):
            assert asked.send(*batch(number, rng)).status_code == 200
        alarms = asked.get("/v1/alarms")["alarms"]
        assert alarms
        numbers = [(one["id"], one["agent"], one["statistic_bits"]) for one in alarms]
        runs = [one["run"] for one in asked.get("/v1/agents/a1")["history"]]
        found.append((numbers, runs, asked.get("/v1/fleet")["digest"]))
    assert found[0] == found[1]
    jumping.service.close()
    assert start("jumping", options=OPTIONS).get("/v1/fleet")["digest"] == found[0][2]


def test_a_client_of_another_version_is_told_what_it_may_do(start):
    """What it does not know is refused, not left out: a field, an event, a path."""
    asked = start(None)
    row = {"agent": "a", "run": 1, "score": 1}
    for more in ({"weight": 2}, {"event": "pause"}):
        found = asked.send({**row, **more})
        assert found.status_code == 422, found.text
        assert next(iter(more)) in found.json()["detail"] or "pause" in found.json()["detail"]
    assert asked.get("/v1/status")["observations"] == 0
    for path in ("/v0/observations", "/v2/observations", "/observations"):
        found = asked.ask("POST", path, json={"observations": [row]})
        assert (found.status_code, found.json()["title"]) == (404, "nothing is there")
    assert asked.ask("POST", "/v1/observations", json=[row]).status_code == 422
    old = {"accept": "text/plain", "x-api-version": "0", "user-agent": "consilience/0.0.1"}
    assert (
        asked.ask("POST", "/v1/observations", json={"observations": [row]}, headers=old).json()[
            "accepted"
        ]
        == 1
    )
