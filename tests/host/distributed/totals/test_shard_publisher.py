"""A shard in this process: resent frames count once, late comers hear of all."""

import asyncio
import time
import zlib

import numpy as np
import pytest

from consilience.distributed.pubsub import ASK, STATES, InProcessPubsub
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_collector import ShardCollector
from consilience.distributed.totals.shard_evidence import parse_shard, shard_of
from consilience.distributed.totals.shard_publisher import ShardPublisher
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput

NAMES = ("benign", "hijacked")


def part(seed):
    codes = np.random.default_rng(seed).integers(-(2**20), 0, (5, 2)).astype(np.int32)
    return EvidenceSums(NAMES).add([seed, 7, 7, 8, 9], codes)


def test_a_restart_goes_on_and_resent_frames_count_once(tmp_path):
    async def incarnation(parts, pubsub):
        with WriteAheadLog(tmp_path) as log:
            node = ShardPublisher(pubsub, 1, 1, 0, NAMES, log)
            await node.read(parts)
            return node

    async def both():
        pubsub, collector = InProcessPubsub(200), ShardCollector()
        await pubsub.listen(STATES, collector.receive)
        await incarnation([part(0), part(1)], pubsub)
        assert collector.held[1].message.order == (1, 3)
        node = await incarnation([part(seed) for seed in range(4)], pubsub)
        assert collector.held[1].message.order == (2, 3)
        assert collector.complete and not collector.held[1].message.volatile
        return node.sums, collector.total()

    sums, total = asyncio.run(both())
    whole = EvidenceSums(NAMES)
    for seed in range(4):
        whole.merge(part(seed))
    assert sums.digest == total.digest == whole.digest


def test_a_part_was_in_the_state_before_it_was_in_the_log(tmp_path):
    """The disk is full: the part is not acknowledged, and in no state that was published."""

    async def read(pubsub):
        with WriteAheadLog(tmp_path) as log:
            node = ShardPublisher(pubsub, 1, 1, 0, NAMES, log)
            await node.read([])
            log._append = failing
            with pytest.raises(OSError, match="full"):
                await node.read([part(0)])
            return node.sums

    def failing(data):
        raise OSError("full")

    assert asyncio.run(read(InProcessPubsub())) == EvidenceSums(NAMES)


def test_frames_of_another_epoch_are_no_part_of_this_one(tmp_path):
    async def incarnation(epoch):
        with WriteAheadLog(tmp_path) as log:
            node = ShardPublisher(InProcessPubsub(), 1, 1, epoch, NAMES, log)
            await node.read([part(epoch)])
            return node.sums.digest

    assert asyncio.run(incarnation(0)) == part(0).digest
    assert asyncio.run(incarnation(1)) == part(1).digest


def test_who_comes_late_asks_and_hears_a_volatile_state():
    async def late():
        pubsub, collector = InProcessPubsub(), ShardCollector()
        node = ShardPublisher(pubsub, 2, 2, 0, NAMES, None)
        await node.read([part(0)])
        answering = asyncio.create_task(node.answer(period=3600))
        await asyncio.sleep(0.01)
        await pubsub.listen(STATES, collector.receive)
        assert not collector.held
        for _ in range(100):  # as fast as they can be asked for: 10 a second are given
            await pubsub.publish(ASK, b"")
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.1)
        answering.cancel()
        return collector

    collector = asyncio.run(late())
    assert collector.total() == part(0) and 1 <= collector.counts["old"] + 1 <= 5
    assert collector.held[2].message.volatile and not collector.complete


def test_parts_come_apart_and_a_volatile_incarnation_is_the_clock_in_ms():
    async def read():
        begun, node = time.time(), ShardPublisher(InProcessPubsub(), 1, 1, 0, NAMES, None)
        assert 0 <= node.message.incarnation - begun * 1000 + 1 < 60_000
        await node.read([part(0), part(1)], pause=0.05)
        return time.time() - begun

    assert asyncio.run(read()) >= 0.1


def test_shards_divide_the_agents():
    assert shard_of("ä", 5) == zlib.crc32("ä".encode()) % 5 + 1
    assert {shard_of(agent, 8) for agent in range(100)} == set(range(1, 9))
    assert parse_shard("3/8") == (3, 8)
    assert parse_shard(f"1/{2**32 - 1}") == (1, 2**32 - 1)
    for text in ("0/8", "9/8", "8", "a/b", "1/0", "-1/2", f"1/{2**32}"):
        with pytest.raises(BadInput, match="K/N"):
            parse_shard(text)


def test_evidence_that_was_shortened_was_accepted(tmp_path):
    async def read(parts):
        pubsub, collector = InProcessPubsub(200), ShardCollector()
        await pubsub.listen(STATES, collector.receive)
        with WriteAheadLog(tmp_path) as log:
            await ShardPublisher(pubsub, 1, 1, 0, NAMES, log).read(parts)
        return collector.complete

    assert asyncio.run(read([part(seed) for seed in range(4)]))
    with pytest.raises(BadInput, match="has 2 parts, but 4 are acknowledged in the log"):
        asyncio.run(read([part(0), part(1)]))
