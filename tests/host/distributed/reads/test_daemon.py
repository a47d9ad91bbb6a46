"""`consilience read-node` as a process: cut off, connected, killed, told to leave."""

import contextlib
import json
import signal
import socket
import subprocess
import time

import pytest

from consilience.cli.app import main
from tests.host.distributed.reads.test_fusion_rule import rule_file
from tests.host.distributed.test_processes import PROGRAM, free_port, processes, start_server

__all__ = ["processes"]

NOBODY = "nats://127.0.0.1:9"


class Client:
    """A connection to the socket of a node."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def close(self):
        self._lines.close()
        self._socket.close()

    def send(self, line):
        self._socket.sendall(line + b"\n")
        return self.receive()

    def receive(self):
        return json.loads(self._lines.readline())

    def ask(self, op, **fields):
        return self.send(json.dumps({"op": op, **fields}).encode())


@pytest.fixture
def start(processes, tmp_path):
    """Starts a node of two, at the given servers; returns it and a client once it is there."""
    rule = rule_file(tmp_path, changes_per_s=100, grace_ms=1_500, max_age_ms=60_000)

    def started(shard, *urls):
        words = ["read-node", rule, "--shard", f"{shard}/2", "--log", tmp_path / str(shard)]
        words += ["--period", "0.2", "--json", *(word for url in urls for word in ("--nats", url))]
        process = subprocess.Popen([*PROGRAM, *map(str, words)], stdout=subprocess.PIPE)
        processes.append(process)
        told = json.loads(process.stdout.readline())
        assert told["shard"] == f"{shard}/2" and told["socket"] == str(tmp_path / f"{shard}/socket")
        return process, clients.enter_context(contextlib.closing(Client(told["socket"])))

    with contextlib.ExitStack() as clients:
        yield started


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_node_without_any_server_answers_and_leaves(start, tmp_path):
    process, client = start(1, NOBODY)
    status = client.ask("status")
    assert (status["shard"], status["incarnation"], status["servers"]) == (1, 1, 0)
    assert client.ask("report", seq=0, reporter=2, ratio=-700)["version"] == 1
    answer = client.ask("read")
    assert (answer["versions"], answer["ages"][1], answer["decision"]) == ([1, 0], -1, "undecided")
    for line, message in (
        (b"{", "not a request"),
        (b"[]", "not a request"),
        (b'{"op": "stop"}', "op is read, report or status"),
        (b'{"op": "report", "seq": 1, "reporter": 0}', "not a request: KeyError"),
        (b'{"op": "report", "seq": 1, "reporter": 0, "ratio": 0.5}', "not a request"),
        (b'{"op": "report", "seq": 1, "reporter": 3, "ratio": 5}', "reporter 3 is not among"),
        (b'{"op": "report", "seq": 0, "reporter": 2, "ratio": 5}', "another frame 0"),
    ):
        assert message in client.send(line)["error"]
    assert client.ask("read")["digest"] == answer["digest"]
    assert (tmp_path / "1" / "socket").stat().st_mode & 0o777 == 0o600
    process.terminate()
    assert process.wait(30) == 0
    assert not (tmp_path / "1" / "socket").exists()


def test_nodes_of_two_sites_gossip_are_killed_and_recover(start, processes, tmp_path):
    ports = free_port(), free_port()
    for port in ports:
        file = tmp_path / f"{port}.conf"
        file.write_text(f"listen: 127.0.0.1:{port}\n")
        start_server(processes, file, port)
    urls = [f"nats://127.0.0.1:{port}" for port in ports]
    first, one = start(1, *urls)
    _, two = start(2, *urls[::-1])
    done = one.ask("report", seq=0, reporter=0, ratio=500)
    assert (done["fresh"], done["version"]) == (True, 1)
    until(lambda: two.ask("read")["versions"] == one.ask("read")["versions"] == [1, 0])
    until(lambda: two.ask("read")["weights"] == [65536, 65536])
    assert two.ask("read")["digest"] == one.ask("read")["digest"]
    assert two.ask("status")["servers"] == 2 and two.ask("status")["received"]["taken"] >= 1
    first.kill()
    first.wait()
    until(lambda: 0 < two.ask("read")["weights"][0] < 65536)
    aged = two.ask("read")
    assert aged["ages"][0] > 1_500 and aged["versions"] == [1, 0]
    first, one = start(1, *urls)
    assert one.ask("status")["incarnation"] == 2
    # What was acknowledged before the kill is there, and counts once when it is sent again.
    assert one.ask("report", seq=0, reporter=0, ratio=500)["fresh"] is False
    assert one.ask("report", seq=1, reporter=1, ratio=-9)["version"] == 2
    until(lambda: two.ask("read")["versions"] == [2, 0])
    until(lambda: two.ask("read")["weights"] == [65536, 65536])
    assert two.ask("read")["incarnations"] == [2, 1]
    assert two.ask("read")["digest"] == one.ask("read")["digest"]
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0


LONG = "x" * 120


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--shard", "1/3"], "has 2 shards"),
        (["--shard", "3/2"], "is no K/N"),
        (["--shard", "1/2", "--nats", "127.0.0.1:4222"], "is not a NATS address"),
        (["--shard", "1/2", "--log", LONG], "too long for a socket"),
    ],
)
def test_refused(tmp_path, capsys, words, message):
    rule = rule_file(tmp_path)
    log = tmp_path / (LONG if LONG in words else "log")
    words = [word for word in words if word not in ("--log", LONG)]
    words += ["--log", str(log)]
    assert main(["read-node", str(rule), *words]) == 2
    assert message in " ".join(capsys.readouterr().err.split())
