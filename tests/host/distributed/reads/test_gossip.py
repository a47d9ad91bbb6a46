"""Nodes that talk over a pubsub of their own process."""

import asyncio
import random
import time

import pytest

from consilience.distributed.pubsub import InProcessPubsub
from consilience.distributed.reads import gossip as gossip_module
from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.reads.gossip import ANSWERS, SUBJECT, Gossip
from consilience.distributed.reads.read_node import ReadNode
from consilience.distributed.reads.shard_state import Report
from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.shard_arrays import ShardArrays
from consilience.distributed.write_ahead_log import WriteAheadLog

SHARDS = 3
RULE = FusionRule(ShardArrays([2] * SHARDS, 100, Discount(400, 200, 1_000), 128), faulty=1)


class CutPubsub(InProcessPubsub):
    """One that loses everything while it is cut, and counts what is answered."""

    cut, answered = False, 0

    async def publish(self, subject, data):
        self.answered += subject.startswith(ANSWERS)
        if not self.cut:
            await super().publish(subject, data)


@pytest.fixture
def nodes(tmp_path):
    logs = [WriteAheadLog(tmp_path / str(shard)) for shard in range(1, SHARDS + 1)]
    made = [ReadNode(shard, RULE, one) for shard, one in enumerate(logs, start=1)]
    made[0].read()  # compiles what reads need, before time counts
    yield made
    for log in logs:
        log.close()


FRESH = (65536,) * SHARDS


def weights(nodes):
    return [node.read().estimate.weights for node in nodes]


async def all_fresh(nodes, shards=SHARDS):
    """Return whether each node is fresh at some moment of the next 20 s: a period is longer."""
    begun, fresh = time.monotonic(), set()
    while len(fresh) < len(nodes) and time.monotonic() < begun + 20:
        await asyncio.sleep(0.02)
        found = enumerate(weights(nodes))
        fresh |= {number for number, one in found if one[:shards] == FRESH[:shards]}
    return len(fresh) == len(nodes)


def test_all_are_fresh_before_a_period_is_over(nodes):
    """A greeting is enough: who is new is answered, and answers."""

    async def run():
        pubsub = CutPubsub()
        talks = [Gossip(node, 60) for node in nodes]
        tasks = [asyncio.create_task(one.run(pubsub)) for one in talks]
        await asyncio.sleep(0.05)
        for talk in talks:
            await pubsub.publish(*talk.greeting(1))
        first = await all_fresh(nodes)
        pubsub.cut = True
        await asyncio.sleep(1.1)
        during, pubsub.cut, pubsub.answered = weights(nodes), False, 0
        for talk in talks:
            await pubsub.publish(*talk.greeting(1))
        after = await all_fresh(nodes)
        for task in tasks:
            task.cancel()
        return first, during, after, pubsub.answered

    nodes[0].accept(0, Report(0, 7))
    first, during, after, answered = asyncio.run(run())
    assert first and after
    assert during == [(65536, 0, 0), (0, 65536, 0), (0, 0, 65536)]
    assert len({node.read().digest for node in nodes}) == 1
    # Each was waited for by the two others; nobody is answered twice in a row.
    assert 1 <= answered <= SHARDS * (SHARDS - 1)


class Waiting:
    """A node to which every message is one of a shard that waits for it: the message's number."""

    shard, rule = 1, RULE

    def receive(self, data):
        return int(data) or None

    def dated_state(self):
        return b"state"


@pytest.mark.parametrize(("behind", "said"), [(True, 1), (False, 0)])
def test_who_is_back_greets_once_more_if_it_is_behind(monkeypatch, behind, said):
    """Once for each time that its own server is there again, and never for another."""
    heard = []

    class Back(Waiting):
        def is_behind(self):
            return behind

        def receive(self, data):
            return None

    async def run():
        pubsub = InProcessPubsub()
        await pubsub.listen(SUBJECT, heard.append)
        gossip = Gossip(Back(), 60)
        task = asyncio.create_task(gossip.run(pubsub))
        for way in (1, 0):
            assert gossip.greeting(way) == ("consilience.dated.0.1", b"state")
            await asyncio.sleep(0.1)
            counts.append(len(heard))
        assert not task.done()
        task.cancel()

    counts = []
    monkeypatch.setattr(gossip_module, "_AGAIN_S", 0.01)
    monkeypatch.setattr("random.random", lambda: 1.0)
    asyncio.run(run())
    assert counts == [0, said]


def test_who_waits_is_answered_by_the_way_of_its_latest_message():
    sent = []

    class Answers(InProcessPubsub):
        async def answer(self, subject, data, way):
            sent.append((int(subject.rpartition(".")[2]), data, way))

    async def run():
        gossip = Gossip(Waiting(), 60)
        task = asyncio.create_task(gossip.run(Answers()))
        await asyncio.sleep(0)
        for messages in said:
            for data, *way in messages:
                gossip._receive(data, *way)
            for _ in range(3):
                await asyncio.sleep(0)
        task.cancel()

    said = [[(b"2",)], [(b"0",)], [(b"3", 4), (b"2", 5), (b"3", 7)]]
    asyncio.run(run())
    assert sent == [(2, b"state", 0), (3, b"state", 7), (2, b"state", 5)]


def test_two_that_come_back_at_once_and_miss_each_others_greetings_are_soon_fresh(nodes):
    """Each heard the other only with its next state, up to a period later."""

    async def run():
        pubsub = CutPubsub()
        talks = [Gossip(node, 60) for node in nodes[:2]]
        tasks = [asyncio.create_task(one.run(pubsub)) for one in talks]
        await asyncio.sleep(0.05)
        pubsub.cut = True
        for talk in talks:
            await pubsub.publish(*talk.greeting(0))
        pubsub.cut = False
        fresh = await all_fresh(nodes[:2], shards=2)
        for task in tasks:
            task.cancel()
        return fresh

    assert asyncio.run(run())


def test_states_are_said_each_period(nodes, monkeypatch):
    """No later than a period after the one before, and no sooner than three quarters of it."""
    asked, uniform = set(), random.uniform
    monkeypatch.setattr("random.uniform", lambda *given: asked.add(given) or uniform(*given))

    async def run():
        pubsub, heard = InProcessPubsub(), []
        await pubsub.listen("consilience.dated.0.1", heard.append)
        task = asyncio.create_task(Gossip(nodes[0], 0.1).run(pubsub))
        await asyncio.sleep(1)
        task.cancel()
        return len(heard)

    assert 5 <= asyncio.run(run()) <= 14
    assert asked == {(0.75, 1)}
