"""Evidence over a transport that loses messages: on the disk before the receipt, counted once."""

import asyncio
import random

import numpy as np
import pytest

from consilience.distributed.epochs.signing import Domain
from consilience.distributed.intake.messages import (
    EVIDENCE,
    RECEIPTS,
    EvidenceMessage,
    Fate,
    Receipt,
)
from consilience.distributed.intake.producer import Producer
from consilience.distributed.intake.producer_logs import ProducerLogs
from consilience.distributed.intake.shard_intake import ShardIntake
from consilience.distributed.members.node_signatures import NodeSignatures
from consilience.distributed.members.seal import Seal
from consilience.distributed.pubsub import InProcessPubsub
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_evidence import shard_of
from consilience.distributed.totals.shard_publisher import ShardPublisher
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.errors import BadInput, LinkError
from tests.host.distributed.members.members import key_of, roster_of

NAMES, SHARDS, EPOCH = ("benign", "hijacked"), 2, 4
ROSTER = roster_of(SHARDS, [7])


class Lossy(InProcessPubsub):
    """Loses a share of all messages, and repeats another."""

    def __init__(self, loss, payload=1 << 20):
        super().__init__(payload)
        self.loss, self.chance, self.said = loss, random.Random(1), []

    async def publish(self, subject, data):
        self.said.append((subject, data))
        if self.chance.random() >= self.loss:
            await super().publish(subject, data)
            if self.chance.random() < 0.2:
                await super().publish(subject, data)


class Shards:
    """Two shards that receive, and can be started again."""

    def __init__(self, folder, pubsub, signed=True):
        self.folder, self.pubsub, self.signed = folder, pubsub, signed

    async def __aenter__(self):
        self.open, self.tasks, self.publishers, self.intakes = [], [], [], []
        for shard in range(1, SHARDS + 1):
            own = NodeSignatures(ROSTER, shard, key_of(f"node-{shard}")) if self.signed else None
            log = WriteAheadLog(self.folder / str(shard))
            logs = ProducerLogs(self.folder / str(shard), EPOCH)
            self.open += [log, logs]
            node = ShardPublisher(self.pubsub, shard, SHARDS, EPOCH, NAMES, log, own)
            intake = ShardIntake(self.pubsub, node, logs, own)
            self.publishers.append(node)
            self.intakes.append(intake)
            self.tasks.append(asyncio.create_task(intake.run()))
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.pubsub.close()  # forgets those that listened
        for one in self.open:
            one.close()

    def total(self):
        total = EvidenceSums(NAMES)
        for node in self.publishers:
            total.merge(node.sums)
        return total


def part(seed):
    chance = np.random.default_rng(seed)
    codes = chance.integers(-(2**20), 0, (20, 2)).astype(np.int32)
    return EvidenceSums(NAMES).add(chance.integers(0, 30, 20).tolist(), codes)


def producer(pubsub, signed=True, **more):
    members = (ROSTER, key_of("producer-7")) if signed else ()
    return Producer(pubsub, 7, SHARDS, EPOCH, *members, again_s=0.02, **more)


@pytest.mark.parametrize("signed", [True, False])
def test_everything_counts_once_though_much_is_lost_and_the_shards_start_again(tmp_path, signed):
    async def lives():
        whole = EvidenceSums(NAMES)
        for life in range(2):
            pubsub = Lossy(0.3)
            async with Shards(tmp_path, pubsub, signed) as shards:
                sender = producer(pubsub, signed)
                await sender.begin()
                # The second life is sent everything again.
                await asyncio.gather(*(sender.send(seq, part(seq)) for seq in range(8 * life + 8)))
                total = shards.total()
                assert {node.message.incarnation for node in shards.publishers} == {life + 1}
                assert sender.counts["sent again"] > 0
                assert life == 0 or sender.counts["known"] > 0
        for seq in range(16):
            whole.merge(part(seq))
        assert total.digest == whole.digest

    asyncio.run(lives())


def test_what_a_shard_refuses_is_told_with_the_cure(tmp_path):
    async def talk():
        pubsub = Lossy(0)
        async with Shards(tmp_path, pubsub) as shards:
            sender = producer(pubsub)
            await sender.begin()
            await sender.send(0, part(0))
            before = shards.total().digest
            texts = EvidenceSums(NAMES).add(["a"], np.zeros((1, 2), np.int32))
            others = EvidenceSums(NAMES[::-1]).add([1], np.zeros((1, 2), np.int32))
            for seq, wrong, reason in [
                (0, part(1), "other evidence as part 0 of producer 7: give new evidence new"),
                (1, texts, "its agent ids are string, here int64"),
                (2, others, "start all nodes with one order"),
            ]:
                with pytest.raises(BadInput, match=reason):
                    await sender.send(seq, wrong)
            agent = next(one for one in range(99) if shard_of(one, 2) == 2)
            stray = EvidenceSums(NAMES).add([agent], np.zeros((1, 2), np.int32))
            message = EvidenceMessage(EPOCH, 1, 7, 9, bytes(stray))
            seal = Seal(Domain.EVIDENCE, ROSTER, ROSTER.producers, 7, key_of("producer-7"))
            await pubsub.publish(f"{EVIDENCE}.{EPOCH}.1", seal.sealed(bytes(message)))
            await asyncio.sleep(0.2)
            receipts = Seal(Domain.RECEIPT, ROSTER, ROSTER.nodes)
            said = [data for subject, data in pubsub.said if subject.startswith(RECEIPTS)]
            last = Receipt.from_bytes(receipts.opened(said[-1])[1])
            assert last.fate is Fate.REFUSED and "agents of other shards than 1/2" in last.words
            assert shards.total().digest == before
            small = producer(Lossy(0, 300))
            with pytest.raises(BadInput, match="--chunk-rows"):
                await small.send(5, part(5))

    asyncio.run(talk())


def test_strangers_neither_send_nor_acknowledge(tmp_path):
    async def talk():
        pubsub = Lossy(0)
        async with Shards(tmp_path, pubsub) as shards:
            strange = Producer(pubsub, 7, 2, EPOCH, again_s=0.02)  # signs nothing
            await strange.begin()
            with pytest.raises(LinkError, match="no receipt for part 0 within"):
                await strange.send(0, part(0), 0.2)
            assert not len(shards.total())
            assert sum(intake.counts["stranger"] for intake in shards.intakes) > 2
        # Nobody receives, and somebody else says that all is well.
        sender, pubsub.loss = producer(pubsub), 0
        await sender.begin()
        sending = asyncio.create_task(sender.send(0, part(0), 0.3))
        await asyncio.sleep(0.1)
        seal = Seal(Domain.RECEIPT, ROSTER, ROSTER.nodes, 1, key_of("node-1"))
        for digest, (shard, _) in list(sender._sent.items()):
            receipt = bytes(Receipt(digest, Fate.TAKEN))
            for forged in (receipt, b"noise", seal.sealed(receipt) if shard == 2 else b""):
                await pubsub.publish(f"{RECEIPTS}.{EPOCH}.{shard}.7", forged)
        with pytest.raises(LinkError):
            await sending
        assert sender.counts["stranger"] > 3 and not sender.counts["taken"]

    asyncio.run(talk())


def test_forms_are_strict(tmp_path):
    message = EvidenceMessage(1, 2, 3, 4, b"sums")
    assert EvidenceMessage.from_bytes(bytes(message)) == message
    receipt = Receipt(bytes(32), Fate.REFUSED, "why — so")
    assert Receipt.from_bytes(bytes(receipt)) == receipt
    for data in (b"", bytes(message)[:20], bytes(receipt)):
        with pytest.raises(BadInput):
            EvidenceMessage.from_bytes(data)
    for data in (b"", bytes(receipt)[:40], bytes(receipt)[:38] + b"\7" + bytes(7), b"CNRC1\0"):
        with pytest.raises(BadInput):
            Receipt.from_bytes(data)
    with pytest.raises(BadInput, match="not an u64"):
        EvidenceMessage(1, 2, 1 << 64, 4, b"")


def test_producers_without_a_roster_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("consilience.distributed.intake.producer_logs.MOST", 2)
    with WriteAheadLog(tmp_path), ProducerLogs(tmp_path, 0) as logs:
        assert logs.accept(1, 0, b"a") and logs.accept(2, 0, b"b") and not logs.accept(1, 0, b"a")
        with pytest.raises(BadInput, match="which is the most"):
            logs.accept(3, 0, b"c")
    with ProducerLogs(tmp_path, 0) as logs:
        assert list(logs.replay()) == [b"a", b"b"]
