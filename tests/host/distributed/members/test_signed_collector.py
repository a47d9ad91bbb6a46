"""A receiver of signed states: strangers and the past change nothing."""

import asyncio
import io
from dataclasses import replace

from rich.console import Console

from consilience.cli.shard_table import shard_table
from consilience.distributed.members.alive import CALL
from consilience.distributed.members.node_signatures import NodeSignatures
from consilience.distributed.members.signed_collector import SignedCollector
from consilience.distributed.pubsub import InProcessPubsub
from consilience.distributed.state_message import OVERHEAD
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_publisher import ShardPublisher
from tests.host.distributed.members.members import key_of, roster_of
from tests.host.distributed.totals.test_shard_collector import (
    MESSAGES,
    NAMES,
    SHARDS,
    WHOLE,
    history,
)

ROSTER = roster_of(SHARDS)
NODES = {n: NodeSignatures(ROSTER, n, key_of(f"node-{n}")) for n in range(1, SHARDS + 1)}


class Watch:
    """A receiver with a clock that is set."""

    def __init__(self):
        self.now = 0.0
        self.collector = SignedCollector(ROSTER, clock=lambda: self.now)

    def state(self, message, shard=None, payload=1 << 20):
        seal = NODES[shard or message.shard].states
        for piece in message.pieces(payload):
            held = self.collector.receive(seal.sealed(piece))
        return held

    def alive(self, message, *nonces, shard=None):
        node = NODES[shard or message.shard]
        return self.collector.receive_alive(node.sign_of_life(message, nonces)[1])


def test_a_state_counts_from_the_first_answer_on():
    watch, messages = Watch(), MESSAGES[0]
    assert watch.state(messages[2]) is None and not watch.collector.held
    assert watch.alive(messages[2], b"not my nonce 16.") is None and not watch.collector.heard
    nonce = watch.collector.call()
    watch.now = 5.0
    assert watch.alive(messages[2], nonce) == messages[2]
    assert watch.collector.heard == {1: 0.0}  # when the call was made, not when it was answered
    assert watch.state(messages[3]) == messages[3] and watch.state(messages[1]) is None
    assert watch.alive(messages[3], nonce) is None and watch.collector.heard == {1: 0.0}
    assert watch.collector.counts["old"] == 1


def test_a_recorded_state_of_a_node_that_was_started_again_is_never_held():
    """It was the highest that was there, so that it stood for the shard until another came."""
    watch = Watch()
    first, (again, *_) = MESSAGES[0][3], history(1, 1, incarnation=2)
    watch.state(first)
    assert watch.alive(again, watch.collector.call()) is None
    watch.state(first)
    assert not watch.collector.held and watch.collector.lacking() == [1]
    assert watch.state(again) == again and not watch.collector.lacking()


def test_a_forged_first_state_does_not_set_the_number_of_shards():
    watch = Watch()
    (piece,) = history(1, 1)
    assert watch.collector.receive(piece.pieces(1 << 20)[0]) is None
    assert watch.collector.shards == SHARDS
    assert watch.collector.counts == {"stranger": 1} and not watch.collector.doubts


def test_a_node_speaks_for_its_shard_alone():
    watch = Watch()
    for message in (MESSAGES[0][0], MESSAGES[1][0]):
        watch.alive(message, watch.collector.call())
    assert watch.state(MESSAGES[0][3], shard=2) is None
    assert watch.collector.counts["damaged"] == 1 and not watch.collector.held


def test_what_a_node_does_wrong_is_told():
    watch = Watch()
    watch.alive(MESSAGES[0][3], watch.collector.call())
    watch.state(MESSAGES[0][3])
    watch.now = 1.0
    watch.alive(MESSAGES[0][2], watch.collector.call())
    assert "went back" in watch.collector.doubts[1]
    (other,) = history(1, 1)
    watch.alive(MESSAGES[1][0], watch.collector.call())
    watch.state(MESSAGES[1][0])
    twin = replace(MESSAGES[1][0], state=other.state)
    watch.alive(twin, watch.collector.call())
    assert "two nodes have its key" in watch.collector.doubts[2]
    larger = roster_of(SHARDS + 1)
    stray = NodeSignatures(larger, 3, key_of("node-3"))
    watch.collector.receive(stray.states.sealed(MESSAGES[2][0].pieces(1 << 20)[0]))
    assert watch.collector.counts["other roster"] == 1 and 3 not in watch.collector.doubts
    watch.collector.receive_alive(NODES[3].sign_of_life(next(history(3, 1, epoch=4)), ())[1])
    assert watch.collector.counts["other epoch"] == 1
    text = io.StringIO()
    Console(file=text, width=200).print(shard_table(watch.collector))
    assert "REFUSED since: it went back" in text.getvalue()


def test_an_hour_without_a_network_ages_what_is_held_and_changes_nothing_else():
    watch, message = Watch(), MESSAGES[0][3]
    first = watch.collector.call()
    watch.alive(message, first)
    watch.state(message)
    for _ in range(3600):  # in virtual time: a call a second that nobody hears
        watch.now += 1.0
        last = watch.collector.call()
    assert watch.now - watch.collector.heard[1] == 3600.0
    assert watch.alive(message, first) is None and watch.collector.heard[1] == 0.0
    watch.alive(message, last)
    assert watch.collector.heard[1] == 3600.0 and watch.collector.held[1].message == message
    assert len(watch.collector._calls) == 64


def test_one_state_cut_in_two_ways_arrives():
    watch = Watch()
    watch.alive(MESSAGES[0][3], watch.collector.call())
    one, other = (MESSAGES[0][3].pieces(OVERHEAD + size) for size in (50, 70))
    seal = NODES[1].states
    for piece in (*other[:3], *one):
        held = watch.collector.receive(seal.sealed(piece))
    assert held == MESSAGES[0][3]


def test_nodes_and_a_watch_that_comes_late():
    async def talk():
        pubsub, watch = InProcessPubsub(400), Watch()
        nodes = []
        for shard in range(1, SHARDS + 1):
            node = ShardPublisher(pubsub, shard, SHARDS, 0, NAMES, None, NODES[shard])
            await node.read([EvidenceSums.from_bytes(MESSAGES[shard - 1][-1].state)])
            nodes.append(asyncio.create_task(node.answer(3600)))
        await asyncio.sleep(0.01)
        await watch.collector.subscribe(pubsub)
        for _ in range(100):
            await pubsub.publish(CALL, b"no nonce")
            await watch.collector.ask(pubsub)
            await asyncio.sleep(0.02)
            watch.now += 0.5
            if watch.collector.complete:
                break
        for node in nodes:
            node.cancel()
        return watch.collector

    collector = asyncio.run(talk())
    assert collector.complete and collector.total().digest == WHOLE.digest
    assert not collector.doubts and not collector.counts["damaged"]
