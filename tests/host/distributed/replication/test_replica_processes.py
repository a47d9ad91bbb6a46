"""Three replicas in processes over a NATS server: one lies, one is killed, an agent lies."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from consilience.cli.app import main
from consilience.distributed.epochs.durable_replica import DurableReplica
from consilience.distributed.epochs.key_files import read_key
from consilience.distributed.epochs.reports import AgentReport
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.nats_pubsub import NatsPubsub
from consilience.distributed.replication.replica_runner import REPORTS, REPORTS_TO
from consilience.exact.log_sum import LogSum
from tests.host.distributed.epochs.shard import payload_of
from tests.host.distributed.test_processes import PROGRAM, free_port, processes, start_server

__all__ = ["processes"]

ROOT = Path(__file__).parents[4]
EPOCH_S, ROUND_S = 40, 6
LIAR = "tests.host.distributed.replication.liar_process"


@pytest.fixture
def shard(processes, tmp_path):
    """Keys, a server, and what starts a replica."""
    keys, port = tmp_path / "keys", free_port()
    names = [*(f"agent-{one}" for one in range(3)), *(f"replica-{one}" for one in range(3))]
    assert main(["keys", *names, "--out", str(keys)]) == 0
    (tmp_path / "nats.conf").write_text(f"listen: 127.0.0.1:{port}\n")
    start_server(processes, tmp_path / "nats.conf", port)
    url, start = f"nats://127.0.0.1:{port}", int(time.time()) + 15

    def begin(number):
        words = ["replica", "--number", number, "--roster", keys, "--state", tmp_path / str(number)]
        words += ["--start", start, "--epoch-seconds", EPOCH_S, "--round-seconds", ROUND_S]
        command = [*PROGRAM, *words, "--nats", url]
        if number == 2:
            times = (1000 * start, 1000 * EPOCH_S, 1000 * ROUND_S)
            command = [sys.executable, "-m", LIAR, keys, tmp_path / "2", url, *times]
        with (tmp_path / f"{number}.jsonl").open("a") as said:
            processes.append(subprocess.Popen(list(map(str, command)), stdout=said, cwd=ROOT))
        return processes[-1]

    return keys, url, start, begin


async def say(url, keys, epoch):
    """Agents 0 and 1 report to all, again and again; agent 2 says two things to two replicas."""
    roster = Roster.read(keys, 0)
    pubsub = await NatsPubsub.connect(url)

    def signed(agent, code):
        report = AgentReport(roster.scope, epoch, 0, agent, payload_of([code]))
        return bytes(report.signed(read_key(keys / f"agent-{agent}.key")))

    for _ in range(6):
        await pubsub.publish(f"{REPORTS}.0", signed(0, -65536 * (epoch + 1)))
        await pubsub.publish(f"{REPORTS_TO}.0.1", signed(1, -131072))
        if epoch == 0:
            await pubsub.publish(f"{REPORTS_TO}.0.0", signed(2, -1))
            await pubsub.publish(f"{REPORTS_TO}.0.1", signed(2, -2))
        await asyncio.sleep(0.2)
    await pubsub.close()


def until(moment):
    time.sleep(max(0, moment - time.time()))


@pytest.mark.slow
def test_a_liar_and_a_kill_in_every_epoch(shard, tmp_path):
    keys, url, start, begin = shard
    running = [begin(number) for number in range(3)]
    for epoch in range(2):
        until(start + (EPOCH_S + 3 * ROUND_S) * epoch + 2)  # once the last is closed
        asyncio.run(say(url, keys, epoch))
        time.sleep(1)
        victim = running[1]
        os.kill(victim.pid, signal.SIGKILL)  # it has the report of agent 1, which no other has
        victim.wait()
        running[1] = begin(1)
    until(start + EPOCH_S * 2 + 3 * ROUND_S + 3)
    for process in running:
        process.kill()
        process.wait()
    said = {}
    for number in (0, 1):
        lines = (tmp_path / f"{number}.jsonl").read_text().splitlines()
        said[number] = {line["epoch"]: line for line in map(json.loads, lines)}
    for epoch in range(2):
        one, other = said[0][epoch], said[1][epoch]
        assert one["digest"] == other["digest"] is not None  # E1, E2
        assert one["agreeing"] == other["agreeing"] == [0, 1]
        assert set(one["named"]) == set(other["named"]) == {"2"}  # E5: the liar, and nobody else
        assert one["reports"] == other["reports"] == 2  # E3
        assert one["equivocated"] == ([2] if epoch == 0 else [])  # E4
    assert said[0][0]["named"]["2"] == "its state differs, over the same reports"
    assert said[0][1]["faulty"] == {"2": "made two offers in one epoch"}
    roster = Roster.read(keys, 0)
    own = read_key(keys / "replica-0.key")
    with DurableReplica(tmp_path / "0", roster, 0, own, LogSum, LogSum.from_bytes) as replica:
        assert replica.epoch == 2
        codes = [-65536, -131072, -131072, -131072]
        assert bytes(replica.state) == bytes(LogSum().add(codes))
