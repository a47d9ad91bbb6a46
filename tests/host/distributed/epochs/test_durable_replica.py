"""A replica in a folder: the same after a restart, and recovery from another replica."""

import os
from dataclasses import replace

import pytest

from consilience.distributed.epochs.collection import Admission
from consilience.distributed.epochs.durable_replica import DurableReplica
from consilience.distributed.epochs.replica import Replica
from consilience.distributed.epochs.snapshots import Snapshot
from consilience.distributed.epochs.votes import Doubt, tally
from consilience.errors import BadInput
from consilience.exact.log_sum import LogSum
from tests.host.distributed.epochs.lives import opened
from tests.host.distributed.epochs.shard import (
    exchange,
    key_of,
    replica_key,
    report,
    roster,
)


@pytest.fixture
def shard(tmp_path):
    """Three durable replicas by number; `restart` opens one anew."""
    with Shard(tmp_path) as made:
        yield made


class Shard(dict):
    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        for number in range(3):
            self.restart(number)

    def restart(self, number, under=None, folder=None):
        if number in self:
            self[number].close()
        self[number] = opened(self.folder / (folder or str(number)), number, under)
        return self[number]

    def close_epoch(self, numbers=(0, 1, 2), restarting=()):
        """Close the open epoch of these; some are restarted in every round."""
        closings = {number: self[number].closing() for number in numbers}
        sent = [(number, closing.said) for number, closing in closings.items()]
        for _ in range(2):
            for number in restarting:
                closings[number] = self.restart(number).closing()
            for sender, relays in sent:
                for recipient in numbers:
                    if recipient != sender:
                        for relay in relays:
                            closings[recipient].receive(relay)
            for number in restarting:
                closings[number] = self.restart(number).closing()
            sent = [(number, closing.end_round()) for number, closing in closings.items()]
        return {number: self[number].close_epoch() for number in numbers}

    def tally(self, under=None):
        votes = [one.vote() for one in self.values()]
        epoch = max(vote.epoch for vote in votes if vote is not None)
        return tally([vote for vote in votes if vote is not None], epoch, under or roster())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.values():
            one.close()


def admit(shard, epoch):
    for number, one in shard.items():
        one.admit(report(number, codes=[-epoch - 1], epoch=epoch))
        one.admit(report(4, 0, [-9], epoch=epoch))


def test_a_replica_restarted_within_an_epoch_was_named_a_liar(shard):
    for epoch in range(3):
        admit(shard, epoch)
        shard.close_epoch(restarting=[1])
        found = shard.tally()
        assert (found.agreeing, found.named) == ((0, 1, 2), {})
        before = bytes(shard[2].vote())
        assert bytes(shard.restart(2).vote()) == before
    assert shard[0].snapshot == shard[1].snapshot
    assert bytes(shard[1].state) == bytes(
        LogSum.of([-1, -1, -1, -2, -2, -2, -3, -3, -3, -9, -9, -9])
    )


def test_a_replica_without_a_folder_that_forgot_its_reports_is_named():
    """What the folder is for: a volatile one, restarted, makes another offer."""
    volatile = {n: Replica(roster(), n, replica_key(n), LogSum()) for n in range(3)}
    volatile[1].admit(report(1))
    forgotten = volatile[1].closing().start()
    again = Replica(roster(), 1, replica_key(1), LogSum())
    closings = {n: one.closing() for n, one in {**volatile, 1: again}.items()}
    exchange(closings, lambda number, *_: forgotten if number == 1 else [])
    assert closings[0].agreed().faulty == {1: "made two offers in one epoch"}


def test_one_folder_one_process(shard, tmp_path):
    with pytest.raises(BadInput, match=r"another process runs this replica; stop it first$"):
        opened(tmp_path / "0")
    shard[0].close()
    shard[0].close()
    with pytest.raises(BadInput, match=r"is closed; open it again$"):
        shard[0].admit(report(0))
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"cannot hold a replica .*choose another folder$"):
        opened(tmp_path / "file")


def test_a_folder_of_another_replica_shard_or_roster(shard, tmp_path):
    admit(shard, 0)
    limits = replace(roster(), reports_per_agent=5)
    with pytest.raises(BadInput, match="was begun under another roster; close it under that one"):
        shard.restart(0, limits)
    shard[0].close()
    with pytest.raises(BadInput, match="the folder is of another replica; give this one"):
        shard.restart(2, folder="0")
    for number in range(3):
        shard.restart(number)
    shard.close_epoch()
    shard[0].close()
    with pytest.raises(BadInput, match="is of replica 0, not 2"):
        shard.restart(2, folder="0")
    with pytest.raises(BadInput, match="of another shard or deployment"):
        shard.restart(0, replace(roster(), shard=9))
    with pytest.raises(BadInput, match="the key is not that of replica 0"):
        DurableReplica(tmp_path / "0", roster(), 0, replica_key(1), LogSum, LogSum.from_bytes)


def test_the_roster_changes_between_epochs(shard, tmp_path):
    """Nothing is in the log of the new epoch yet: the vote said again is that under the old one."""
    admit(shard, 0)
    shard.close_epoch()
    before = bytes(shard[0].vote())
    new = replace(roster(), agents={**roster().agents, 99: key_of("new").public})
    for number in range(3):
        shard.restart(number, new)
    assert bytes(shard[0].vote()) == before
    for one in shard.values():
        assert one.admit(report(99, epoch=1, key=key_of("new"))) is Admission.ACCEPTED
    shard.close_epoch()
    assert shard.tally(new).agreeing == (0, 1, 2)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:40] + b"!" + data[41:]]
)
def test_a_damaged_snapshot_is_told(shard, tmp_path, damage):
    admit(shard, 0)
    shard.close_epoch()
    shard[0].close()
    path = tmp_path / "0" / "snapshot"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInput, match=r"snapshot: damaged \(.*recover from another replica"):
        opened(tmp_path / "0")
    path.unlink()
    with pytest.raises(BadInput, match=r"snapshot: is missing, and epochs were closed"):
        opened(tmp_path / "0")


def flip_a_bit(replica):
    replica.state.add([-5])


def test_a_replica_whose_state_was_wrong_recovers_and_is_not_named_again(shard):
    """As the docs say; late corrections of what was counted before are then made by it, too."""
    admit(shard, 0)
    shard.close_epoch()
    flip_a_bit(shard[1])
    admit(shard, 1)
    shard.close_epoch()
    counted = shard.tally()
    assert counted.named == {1: Doubt.OTHER_STATE}
    shard[1].admit(report(5, epoch=2))
    shard[1].admit(report(3, 2, epoch=1))
    shard[1].recover(Snapshot.from_bytes(bytes(shard[2].snapshot)), counted)
    assert shard[1].vote() is None, "who did not compute it does not vote for it"
    shard.restart(1)
    assert shard[1].vote() is None and shard[1].epoch == 2
    shard[0].admit(report(4, 0, [77], epoch=0))
    admit(shard, 2)
    outcomes = shard.close_epoch()
    found = shard.tally()
    assert (found.agreeing, found.named) == ((0, 1, 2), {})
    assert outcomes[1].corrected == ((0, 4),)
    assert report(5, epoch=2) in outcomes[0].agreed.reports, "what it had admitted stayed"
    assert outcomes[0].agreed.halves == (report(3, 2, epoch=1),)


def test_a_replica_that_was_away_for_epochs_recovers(shard):
    admit(shard, 0)
    shard[2].admit(report(5))
    for epoch in range(3):
        admit({number: shard[number] for number in (0, 1)}, epoch)
        shard.close_epoch((0, 1))
    votes = [shard[number].vote() for number in (0, 1)]
    counted = tally(votes, 2, roster())
    assert counted.named == {2: Doubt.SILENT}
    shard[2].recover(shard[0].snapshot, counted)
    assert shard[2].epoch == 3
    for number in range(3):
        shard.restart(number)
    shard.close_epoch()
    assert shard.tally().agreeing == (0, 1, 2)


def test_recovery_never_makes_a_second_offer(shard):
    admit(shard, 0)
    shard.close_epoch()
    old, counted = shard[0].snapshot, shard.tally()
    admit(shard, 1)
    shard[1].closing()
    with pytest.raises(BadInput, match="has offered in epoch 1; take one of that epoch"):
        shard[1].recover(old, counted)
    shard.close_epoch()
    with pytest.raises(BadInput, match="has offered in epoch 1; take one of that epoch"):
        shard[1].recover(old, counted)
    with pytest.raises(BadInput, match=r"is not what f . 1 replicas voted for"):
        shard[1].recover(replace(old, state=bytes(LogSum())), counted)


def test_a_closing_that_has_not_ended(shard):
    shard[0].admit(report(0))
    with pytest.raises(BadInput, match=r"^round 1 of 2 has not ended$"):
        shard[0].close_epoch()
    assert shard[0].is_closing
    assert shard[0].admit(report(1)) is Admission.CLOSING
    assert shard[0].vote() is None and shard[0].snapshot is None
    assert shard.restart(0).is_closing and shard[0].closing().round == 1
    assert shard[0].admit(report(1)) is Admission.CLOSING


def test_many_reports_are_synced_together(shard, monkeypatch):
    calls = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (calls.append(file), sync(file)))
    reports = [report(agent, seq) for agent in range(6) for seq in range(4)]
    refused = [report(99), report(0, key=key_of("x"), codes=[4]), report(0)]
    verdicts = shard[0].admit_all([*reports, *refused])
    assert verdicts[:24] == [Admission.ACCEPTED] * 24
    assert verdicts[24:] == [
        Admission.UNKNOWN_AGENT,
        Admission.BAD_SIGNATURE,
        Admission.DUPLICATE,
    ]
    assert len(calls) == 1
    shard[0].admit_all(refused)
    assert len(calls) == 1, "what has no effect is not written"
    assert len(shard.restart(0).collection.reports()) == 24


def test_records_of_many_bytes_are_parted(shard, monkeypatch):
    monkeypatch.setattr("consilience.distributed.epochs.durable_replica.LARGEST_RECORD", 300)
    reports = [report(agent, seq) for agent in range(6) for seq in range(4)]
    shard[0].admit_all(reports)
    assert len(shard.restart(0).collection.reports()) == 24
