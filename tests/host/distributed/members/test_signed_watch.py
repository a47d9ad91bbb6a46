"""`consilience node` and `watch` with a roster over a real NATS server, and a stranger beside."""

import asyncio
import json
import threading

import numpy as np
import pytest

from consilience.cli.app import main
from consilience.distributed.epochs.key_files import read_key
from consilience.distributed.members.node_signatures import NodeSignatures
from consilience.distributed.members.plane_roster import PlaneRoster
from consilience.distributed.nats_pubsub import NatsPubsub
from consilience.distributed.pubsub import ASK, STATES
from consilience.distributed.state_message import StateMessage
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_publisher import ShardPublisher
from tests.host.distributed.test_processes import processes, server

__all__ = ["processes", "server"]

NAMES = ("a", "b")


def part(shard, *, turned=False):
    codes = np.array([[-(20 << 16), -(1 << 16)]], np.int32)
    return EvidenceSums(NAMES).add([shard], codes[:, ::-1] if turned else codes)


async def plane(url, roster, keys, begun, ended):
    """Two nodes, and a stranger that says it is both, until `ended`."""
    pubsub, stranger = await NatsPubsub.connect(url), await NatsPubsub.connect(url)
    tasks, recorded = [], []
    await stranger.listen(STATES, recorded.append)
    for shard in (1, 2):
        signatures = NodeSignatures(roster, shard, read_key(keys / f"node-{shard}.key"))
        node = ShardPublisher(pubsub, shard, 2, 0, NAMES, None, signatures)
        await node.read([part(shard)])
        tasks.append(asyncio.create_task(node.answer(0.5)))
    begun.set()
    while not ended.is_set():
        for shard in (1, 2):
            forged = part(shard, turned=True)
            lie = StateMessage(0, shard, 2, 1 << 60, 9, True, False, bytes(forged))
            await stranger.publish(f"{STATES}.0.{shard}", lie.pieces(4096)[0])
        for data in recorded[-20:]:
            await stranger.publish(STATES, data[:-1] + b"\0")
        await stranger.publish(ASK, b"")
        await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await pubsub.close()
    await stranger.close()


@pytest.fixture
def keys(tmp_path, capsys):
    folder = tmp_path / "keys"
    assert main(["keys", "node-1", "node-2", "--out", str(folder)]) == 0
    capsys.readouterr()
    return folder


def test_a_stranger_changes_no_verdict(server, keys, capsys, tmp_path):
    begun, ended = threading.Event(), threading.Event()
    running = plane(server, PlaneRoster.read(keys), keys, begun, ended)
    beside = threading.Thread(target=asyncio.run, args=(running,))
    beside.start()
    begun.wait(30)
    watch = ["watch", "--nats", server, "--until-complete", "--timeout", "30", "--json"]
    watch += ["--agent", "2", "--agent", "no such"]
    try:
        assert main([*watch, "--roster", str(keys)]) == 0
        said = json.loads(capsys.readouterr().out)
        assert main(watch) == 0  # without a roster the stranger is counted
        unsigned = capsys.readouterr()
    finally:
        ended.set()
        beside.join()
    whole = part(1).merge(part(2))
    assert (said["digest"], said["signed"], said["shards"]) == (whole.digest, True, 2)
    (verdict,) = said["verdicts"]
    assert (verdict["agent"], verdict["decision"], verdict["rows"]) == (2, "b", 1)
    assert said["decisions"]["b"] == 2 and said["counts"]["stranger"] > 0
    assert "unsigned: whoever reaches the server can forge" in unsigned.err
    assert json.loads(unsigned.out)["digest"] != whole.digest


def test_what_does_not_fit_together_is_refused(keys, capsys, tmp_path):
    file = tmp_path / "e.csv"
    file.write_text("agent,a,b\n1,-1,-2\n")
    node = ["node", str(file), "--volatile", "--roster", str(keys)]
    for words, reason in [
        ([*node, "--shard", "1/3"], "but the roster has 2 nodes"),
        ([*node, "--shard", "1/2", "--key", str(keys / "node-2.key")], "not that of member 1"),
        ([*node, "--shard", "3/3"], "node-3.key: no such key"),
        ([*node[:3], "--shard", "1/2", "--key", "k"], "--key needs --roster"),
        (["watch", "--roster", str(keys), "--shards", "3"], "but the roster has 2 nodes"),
        (["watch", "--roster", str(tmp_path)], "deployment.id: no such file"),
    ]:
        assert main(words) == 2
        assert reason in capsys.readouterr().err
