"""Replicas by the clock over a transport in the process: liars, cuts, one that was away."""

import asyncio

import pytest

from consilience.distributed.epochs.durable_replica import DurableReplica
from consilience.distributed.epochs.votes import Doubt, Vote
from consilience.distributed.pubsub import InProcessPubsub
from consilience.distributed.replication.ballot_box import BallotBox
from consilience.distributed.replication.replica_runner import REPORTS, VOTES, ReplicaRunner
from consilience.distributed.replication.schedule import Schedule
from consilience.errors import BadInput
from consilience.exact.log_sum import LogSum
from tests.host.distributed.epochs.shard import HERE, SHARD, replica_key, report, roster

EPOCH_MS, ROUND_MS = 4000, 400


class Network(InProcessPubsub):
    """What one replica is connected to; cut, nothing comes or goes."""

    def __init__(self, others):
        super().__init__()
        self.others, self.is_cut = others, False
        others.append(self)

    async def publish(self, subject, data):
        for one in self.others:
            if one is self or not (self.is_cut or one.is_cut):
                await InProcessPubsub.publish(one, subject, data)


class Shard:
    """Three replicas that run, and what they told."""

    def __init__(self, folder):
        self.folder, self.networks, self.told = folder, [], {n: [] for n in range(3)}
        self.tasks, self.open = {}, {}
        self.now = 0
        self.schedule = Schedule(0, EPOCH_MS, ROUND_MS, 2)

    def start(self, number):
        own = roster(), number, replica_key(number)
        self.open[number] = DurableReplica(
            self.folder / str(number), *own, LogSum, LogSum.from_bytes
        )
        runner = ReplicaRunner(
            self.open[number],
            roster(),
            number,
            Network(self.networks),
            self.schedule,
            lambda tally, agreed: self.told[number].append((tally, agreed)),
            lambda: self.now,
        )
        runner._step_s = 0
        self.tasks[number] = asyncio.create_task(runner.run())
        return runner

    def stop(self, number):
        self.tasks.pop(number).cancel()
        self.open.pop(number).close()

    async def until(self, now):
        """Let virtual time go on, a twentieth of a round at a time."""
        while self.now < now:
            self.now += ROUND_MS // 20
            for _ in range(8):
                await asyncio.sleep(0)

    async def say(self, signed, replica=None):
        subject = f"{REPORTS}.{SHARD}"
        for network in self.networks:
            if replica is None or network is self.networks[replica]:
                await InProcessPubsub.publish(network, subject, bytes(signed))
                if replica is not None:
                    return

    def end(self):
        for number in list(self.tasks):
            self.stop(number)


def told_digests(shard, epoch):
    return {
        tally.digest for told in shard.told.values() for tally, _ in told if tally.epoch == epoch
    }


def test_epochs_close_by_the_clock_equivocators_and_liars_are_named(tmp_path):
    async def run():
        shard = Shard(tmp_path)
        for number in range(3):
            shard.start(number)
        await asyncio.sleep(0)
        await shard.say(report(0, codes=(-65536,)))
        await shard.say(report(1, codes=(-131072,)), 0)  # to one replica alone: it counts (E3)
        await shard.say(report(2, codes=(-1,)), 0)
        await shard.say(report(2, codes=(-2,)), 1)  # another to the next (E4)
        # Replica 2 votes for something else besides: it is named, the others not (E5).
        lie = Vote(HERE, 0, 2, roster().hash, bytes(32), bytes(32)).signed(replica_key(2))
        await shard.until(EPOCH_MS + 2 * ROUND_MS)
        await shard.networks[0].publish(f"{VOTES}.{SHARD}", bytes(lie))
        await shard.until(2 * EPOCH_MS + 4 * ROUND_MS)
        shard.end()
        return shard

    shard = asyncio.run(run())
    whole = LogSum().add([-65536, -131072])
    (digest,) = told_digests(shard, 0)
    assert digest is not None and len(told_digests(shard, 1)) == 1
    for told in shard.told.values():
        (tally, agreed), *_ = told
        assert [signed.report.agent for signed in agreed.reports] == [0, 1]
        assert set(agreed.equivocations) == {2} and not agreed.faulty
        assert tally.named == {2: Doubt.TWO_VOTES}
    with DurableReplica(
        tmp_path / "0", roster(), 0, replica_key(0), LogSum, LogSum.from_bytes
    ) as one:
        assert bytes(one.state) == bytes(whole) and one.epoch == 2


def test_who_was_away_takes_the_snapshot_and_is_not_named_again(tmp_path):
    async def run():
        shard = Shard(tmp_path)
        for number in range(3):
            shard.start(number)
        await asyncio.sleep(0)
        await shard.say(report(0))
        shard.networks[2].is_cut = True
        await shard.until(EPOCH_MS + 4 * ROUND_MS)
        assert shard.open[2].epoch == 0 and shard.open[0].epoch == 1
        shard.networks[2].is_cut = False
        await shard.until(2 * EPOCH_MS - ROUND_MS // 2)
        assert shard.open[2].epoch == 1  # took what the others agree on
        # Killed in the first round, and started again within it.
        await shard.until(2 * EPOCH_MS + ROUND_MS // 5)
        shard.stop(1)
        shard.networks.pop(1)
        shard.start(1)
        await shard.until(2 * EPOCH_MS + 4 * ROUND_MS)
        shard.end()
        return shard

    shard = asyncio.run(run())
    first = {n: told[0] for n, told in shard.told.items()}
    assert first[0][0].named == {2: Doubt.SILENT} and first[2][1] is None
    last = {n: told[-1] for n, told in shard.told.items()}
    assert len({tally.digest for tally, _ in last.values()}) == 1
    for tally, agreed in last.values():
        assert tally.epoch == 1 and not tally.named and not agreed.faulty


def test_a_network_that_is_gone_for_an_hour_costs_time_and_nothing_else(tmp_path):
    """An hour in epochs of a minute: 60 of them pass here, faster."""

    async def run():
        shard = Shard(tmp_path)
        for number in range(3):
            shard.start(number)
        await asyncio.sleep(0)
        await shard.say(report(0))
        for network in shard.networks:
            network.is_cut = True
        await shard.until(4 * EPOCH_MS)
        shard.now += 56 * EPOCH_MS
        await shard.until(60 * EPOCH_MS + EPOCH_MS // 2)
        assert [one.epoch for one in shard.open.values()] == [0, 0, 0]
        for network in shard.networks:
            network.is_cut = False
        await shard.until(62 * EPOCH_MS + 3 * ROUND_MS)
        shard.end()
        return shard

    shard = asyncio.run(run())
    for told in shard.told.values():
        tally, agreed = told[0]
        assert tally.epoch == 0 and not tally.named and len(agreed.reports) == 1
    assert len(told_digests(shard, 0)) == 1 and None not in told_digests(shard, 0)


def test_a_ballot_box_is_bounded():
    def vote(replica, epoch, digest=0, signer=None):
        hashes = roster().hash, bytes(32), bytes([digest]) * 32
        key = replica_key(replica if signer is None else signer)
        return Vote(HERE, epoch, replica, *hashes).signed(key)

    box = BallotBox(roster())
    assert box.decided() is None and box.put(vote(0, 5)) and not box.put(vote(0, 5))
    assert not box.put(vote(1, 5, signer=2)) and not box.put(vote(9, 5, signer=0))
    assert box.put(vote(1, 5)) and box.decided().agreeing == (0, 1)
    assert box.put(vote(2, 5, 1)) and box.put(vote(2, 5, 2)) and not box.put(vote(2, 5, 3))
    assert box.tally(5).named == {2: Doubt.TWO_VOTES}
    for epoch in range(1000, 1100):
        box.put(vote(2, epoch, 7))
    assert len(box._votes[2]) == 8 and not box.put(vote(2, 6)) and box.decided().epoch == 5


def test_a_schedule_has_room_for_its_rounds():
    schedule = Schedule(1000, 100, 10, 2)
    assert (schedule.slot(1099), schedule.slot(1100), schedule.slot(0)) == (-1, 0, -1)
    assert schedule.ends_ms(0, 2) == 1120
    for wrong in ((0, 39, 10, 2), (0, 100, 0, 2), (-1, 100, 10, 2)):
        with pytest.raises(BadInput):
            Schedule(*wrong)
