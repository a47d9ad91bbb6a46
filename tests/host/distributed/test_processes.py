"""Shards in processes over a NATS server: killed, restarted, repeated, reordered."""

import asyncio
import json
import random
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consilience.cli.app import main
from consilience.distributed.nats_pubsub import NatsPubsub
from consilience.distributed.pubsub import ASK, STATES
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.numbers.convert import to_codes

SHARDS = 8
PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from consilience.cli.app import main; sys.exit(main())",
]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def processes():
    """A list of processes that do not outlive the test."""
    started = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def server(processes, tmp_path):
    """URL of a NATS server of its own on loopback, whose largest message is 4 KiB."""
    port = free_port()
    (tmp_path / "nats.conf").write_text(f"max_payload: 4096\nlisten: 127.0.0.1:{port}\n")
    start_server(processes, tmp_path / "nats.conf", port)
    return f"nats://127.0.0.1:{port}"


def start_server(processes, file, port):
    path = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
    if path is None:
        pytest.skip("nats-server is not installed; Debian: apt install nats-server")
    processes.append(subprocess.Popen([path, "-c", file], stderr=subprocess.DEVNULL))
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)


@pytest.fixture
def evidence(tmp_path):
    """A file of 4,000 rows of 1,500 agents in no order, and its state in one process."""
    chance = np.random.default_rng(9)
    path = tmp_path / "evidence.csv"
    values = chance.normal(-3, 2, (4000, 2))
    agents = chance.integers(0, 1500, 4000).tolist()
    lines = [f"{agent},{a!r},{b!r}" for agent, (a, b) in zip(agents, values.tolist(), strict=True)]
    path.write_text("agent,benign,hijacked\n" + "\n".join(lines) + "\n")
    return path, EvidenceSums(("benign", "hijacked")).add(agents, to_codes(values))


async def disturbed(url, collector, until, seconds):
    """Receive states, and say each of them again, late, twice and in no order."""
    pubsub, old = await NatsPubsub.connect(url), []
    chance = random.Random(3)

    def receive(data):
        collector.receive(data)
        if len(old) < 4000:
            old.append(data)

    await pubsub.listen(STATES, receive)
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        await pubsub.publish(ASK, b"")
        again = chance.sample(old, min(len(old), 50)) * 2
        chance.shuffle(again)
        for data in again:
            await pubsub.publish(STATES, data)
        await asyncio.sleep(0.2)
    await pubsub.close()
    return until()


def test_eight_shards_one_killed_and_restarted(server, evidence, processes, tmp_path):
    path, whole = evidence

    def start(shard, pause):
        words = ["--shard", f"{shard}/{SHARDS}", "--nats", server, "--log", tmp_path / str(shard)]
        words += ["--chunk-rows", "400", "--pause", pause, "--period", "0.5"]
        process = subprocess.Popen([*PROGRAM, "node", str(path), *map(str, words)])
        processes.append(process)
        return process

    collector = ShardCollector()
    victim = start(3, 1.5)  # slow, so that it dies in the middle
    for shard in range(1, SHARDS + 1):
        if shard != 3:
            start(shard, 0)

    def heard():
        return 3 in collector.held and collector.held[3].message.version >= 2

    assert asyncio.run(disturbed(server, collector, heard, 120))
    victim.kill()
    victim.wait()
    before = collector.held[3].message
    assert not before.complete and before.incarnation == 1
    start(3, 0)
    assert asyncio.run(disturbed(server, collector, lambda: collector.complete, 120))
    assert collector.held[3].message.incarnation == 2
    assert collector.total().digest == whole.digest
    assert collector.counts["old"] and not collector.counts["damaged"]

    # A watcher that comes late hears of all, and its endpoint says so.
    prior = ["--prior", "0.9,0.1"]
    words = ["watch", "--nats", server, "--until-complete", "--timeout", "90", "--json", *prior]
    watcher = subprocess.run(
        [*PROGRAM, *words, "--out", tmp_path / "all.csv"], capture_output=True, text=True
    )
    assert watcher.returncode == 0, watcher.stderr
    said = json.loads(watcher.stdout)
    assert said["digest"] == whole.digest
    assert (said["shards"], said["rows"], said["volatile"]) == (SHARDS, 4000, False)
    assert sum(said["decisions"].values()) == len(whole)
    # What it writes is what one process makes of the whole file.
    assert main(["fuse", str(path), *prior, "--out", str(tmp_path / "one.csv")]) == 0
    assert (tmp_path / "all.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()


def test_columns_by_option_ids_from_2_63_on_and_shards_without_agents(
    server, processes, tmp_path, capsys
):
    """`node` had no such options, and a traceback for a shard that gets no agent."""
    columns = {"who": pa.array([2**63, 2**64 - 1, 2**63], pa.uint64()), "w": [65536, 65536, 1]}
    columns |= {"note": ["x", "y", "z"], "b": [-2.0, -1.0, -1.0], "a": [-1.0, -2.0, -3.0]}
    path, one = tmp_path / "e.parquet", tmp_path / "one.parquet"
    pq.write_table(pa.table(columns), path)
    reading = ["--agent-column", "who", "--hypotheses", "a,b", "--weight-column", "w"]
    reading += ["--unit", "bits"]
    words = ["watch", "--until-complete", "--timeout", "90", "--agent-column", "who"]
    words += ["--nats", server, "--out", tmp_path / "all.parquet"]
    watcher = subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, text=True)
    processes.append(watcher)
    node = ["node", str(path), *reading, "--volatile", "--nats", server, "--hold", "0", "--json"]
    while watcher.poll() is None:
        capsys.readouterr()
        for shard in range(1, 5):
            assert main([*node, "--shard", f"{shard}/4"]) == 0
    assert watcher.returncode == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [node["agents"] for node in said] == [0, 0, 1, 1]
    assert said[0]["decisions"] == {"a": 0, "b": 0, "impossible": 0}
    assert main(["fuse", str(path), *reading, "--out", str(one)]) == 0
    assert (tmp_path / "all.parquet").read_bytes() == one.read_bytes()


def test_a_node_took_in_silence_what_fuse_doubts(server, tmp_path, capsys):
    path, log = tmp_path / "e.csv", tmp_path / "log"
    path.write_text("agent,a,b\n" + "1,0.3,0.7\n" * 9)
    node = ["node", str(path), "--shard", "1/1", "--log", str(log), "--nats", server]
    node += ["--hold", "0", "--json"]
    assert main([*node, "--strict"]) == 2
    assert not log.exists()
    assert "probabilities?" in json.loads(capsys.readouterr().out)["error"]
    assert main(node) == 0
    shown = capsys.readouterr()
    assert "warning: " in shown.err
    assert "probabilities?" in json.loads(shown.out)["warnings"][0]


def test_a_transport_outlives_its_server(server, processes, tmp_path):
    async def cut():
        pubsub, heard = await NatsPubsub.connect(server), []
        await pubsub.listen(STATES, heard.append)
        await pubsub.publish(f"{STATES}.0.1", b"before")
        for _ in range(100):
            await asyncio.sleep(0.1)
            if heard:
                break
        processes[-1].kill()
        processes[-1].wait()
        await pubsub.publish(f"{STATES}.0.1", b"cut")
        await asyncio.sleep(0.5)
        start_server(processes, tmp_path / "nats.conf", int(server.rpartition(":")[2]))
        for _ in range(100):
            await pubsub.publish(f"{STATES}.0.1", b"after")
            await asyncio.sleep(0.1)
            if heard[-1] == b"after":
                break
        await pubsub.close()
        return heard

    heard = asyncio.run(cut())
    assert heard[0] == b"before" and heard[-1] == b"after"


def test_no_server_is_told_with_its_cure(evidence):
    url = f"nats://127.0.0.1:{free_port()}"
    words = ["node", str(evidence[0]), "--shard", "1/1", "--volatile", "--nats", url, "--json"]
    found = subprocess.run([*PROGRAM, *words], capture_output=True, text=True)
    assert found.returncode == 4
    assert "apt install nats-server" in json.loads(found.stdout)["error"]


def test_metrics_called_the_time_since_receipt_an_age():
    from consilience.distributed.metrics import serve_metrics
    from tests.host.distributed.totals.test_shard_collector import MESSAGES

    collector = ShardCollector(clock=lambda: time.monotonic() - 100)
    for message in MESSAGES[0]:
        collector.receive(message.pieces(1 << 20)[0])
    port = serve_metrics(collector, 0)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    assert 'consilience_shard_version{shard="1"} 4.0' in text
    assert 'consilience_shard_rows{shard="1"} 40.0' in text
    assert 'consilience_pieces_total{fate="taken"} 4.0' in text
    assert "age_seconds" not in text
    (since,) = re.findall(r'consilience_shard_seconds_since_received{shard="1"} ([0-9.]+)', text)
    assert 100 <= float(since) < 130
