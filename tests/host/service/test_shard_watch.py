"""Shards beside the service: who is there, how old, why refused; a server that comes and goes."""

import asyncio
import json
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from consilience.distributed.nats_access import NatsAccess
from consilience.distributed.nats_pubsub import NatsPubsub
from consilience.distributed.pubsub import STATES
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.errors import BadInput
from consilience.service.shard_watch import ShardWatch
from tests.host.distributed.test_nats_pubsub import Server
from tests.host.distributed.test_processes import PROGRAM, processes
from tests.host.distributed.totals.test_shard_collector import history, one_piece

__all__ = ["processes"]


def publish(url, *messages):
    async def said():
        pubsub = await NatsPubsub.connect(url)
        for message in messages:
            for piece in message if isinstance(message, list) else [message]:
                await pubsub.publish(STATES, piece)
        await pubsub.close()

    with ThreadPoolExecutor(1) as pool:  # the thread of a browser's test has a loop
        pool.submit(lambda: asyncio.run(said())).result()


def until(condition, seconds=30):
    for _ in range(seconds * 20):
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def server(processes, tmp_path):
    return Server(processes, tmp_path)


def test_no_server_at_first_then_shards_then_none_then_again(start, server):
    with ShardWatch(
        server.url(user="me:secret@"), NatsAccess(), ShardCollector(), signed=False
    ) as (watch):
        asked = start(None, watch=watch)
        none = asked.get("/v1/shards")
        assert (none["nats"]["connected"], none["expected"], none["shards"]) == (False, None, [])
        assert none["nats"]["since_ms"] <= time.time_ns() // 1_000_000
        assert "secret" not in json.dumps(none)
        server.start()
        assert until(lambda: watch.connected)
        good, *_ = list(history(1, 2))
        strange = one_piece(2, EvidenceSums(("other", "names")))
        publish(server.url(), good.pieces(4096), strange)
        assert until(lambda: len(asked.get("/v1/shards")["shards"]) == 3
                     and asked.get("/v1/shards")["shards"][1]["state"] == "refused")  # fmt: skip
        found = asked.get("/v1/shards")
        assert (found["expected"], found["held"], found["present"]) == (3, 1, 1)
        first, second, third = found["shards"]
        assert (first["state"], first["version"], first["rows"]) == ("present", 1, 10)
        assert first["digest"] == good.digest.hex() and 0 <= first["age_ms"] < 30_000
        assert second["reason"] and third["state"] == "not heard of"
        assert asked.get("/v1/shards?after=1&limit=1")["next"] == 2
        server.stop()
        assert until(lambda: not watch.connected)
        gone = asked.get("/v1/shards")
        assert gone["nats"]["since_ms"] > none["nats"]["since_ms"]
        assert gone["held"] == 1 and gone["shards"][0]["version"] == 1  # nothing is forgotten
        assert asked.send({"agent": "a", "run": 1, "score": 1}).status_code == 200
        metrics = asked.ask("GET", "/metrics").text
        assert "consilience_nats_connected 0.0" in metrics
        assert "consilience_shards_expected 3.0" in metrics
        server.start()
        assert until(lambda: watch.connected)
        publish(server.url(), [*history(1, 2)][1].pieces(4096))
        assert until(lambda: asked.get("/v1/shards")["shards"][0]["version"] == 2)
        assert "consilience_nats_connected 1.0" in asked.ask("GET", "/metrics").text


def test_a_shard_that_is_not_heard_is_silent_and_grows_old(server, monkeypatch):
    server.start()
    monkeypatch.setattr("consilience.service.shard_watch._LATE_S", 0.5)
    with ShardWatch(server.url(), NatsAccess(), ShardCollector(), signed=False) as watch:
        assert until(lambda: watch.connected)
        publish(server.url(), next(history(1, 1)).pieces(4096))
        assert until(lambda: watch.view(0, 9)["held"] == 1)
        assert until(lambda: watch.view(0, 9)["shards"][0]["state"] == "silent")
        found = watch.view(0, 9)
        assert found["present"] == 0 and found["shards"][0]["age_ms"] >= 500


def test_without_a_plane_and_with_what_is_none(start, tmp_path):
    assert start(None).get("/v1/shards")["nats"] is None
    for url, access in (
        ("http://one", NatsAccess()),
        ("nats://127.0.0.1:1", NatsAccess(ca=tmp_path / "ca.pem")),
    ):
        with pytest.raises(BadInput):
            ShardWatch(url, access, ShardCollector(), signed=False)


@pytest.mark.slow
def test_the_command_watches_signed_nodes_and_goes_on_without_them(server, processes, tmp_path):
    """`serve --http --nats --roster` and real nodes; the server is killed and started."""
    server.start()
    evidence, keys = tmp_path / "evidence.csv", tmp_path / "keys"
    evidence.write_text("agent,benign,hijacked\n" + "".join(f"a{n},-1,-2\n" for n in range(40)))
    run = [*PROGRAM, "keys", "node-1", "node-2", "--out", str(keys)]
    subprocess.run(run, check=True, capture_output=True)

    def started(*words):
        processes.append(
            subprocess.Popen([*PROGRAM, *map(str, words)], stdout=subprocess.PIPE, text=True)
        )
        return processes[-1]

    plane = "--nats", server.url(), "--roster", keys
    one = started("node", evidence, "--shard", "1/2", "--log", tmp_path / "one", *plane)
    serving = started(
        "serve", "--http", "127.0.0.1:0", "--volatile", "--arl", 1000, *plane, "--json"
    )
    url = json.loads(serving.stdout.readline())["url"]

    def shards():
        with urllib.request.urlopen(f"{url}/v1/shards") as answer:
            return json.load(answer)

    def states():
        return [one["state"] for one in shards()["shards"]]

    assert until(lambda: states() == ["present", "not heard of"], 90)
    assert shards()["signed"] and shards()["shards"][0]["agents"] > 0
    publish(server.url(), next(history(2, 1)).pieces(4096))  # a stranger's
    assert until(lambda: sum(shards()["pieces"].values()) > 0)
    assert states() == ["present", "not heard of"]
    processes[0].kill()  # the NATS server
    processes[0].wait()
    assert until(lambda: not shards()["nats"]["connected"])
    server.start()
    started("node", evidence, "--shard", "2/2", "--log", tmp_path / "two", *plane)
    assert until(lambda: states() == ["present", "present"], 90)
    one.kill()
    assert until(lambda: states() == ["silent", "present"], 90)
