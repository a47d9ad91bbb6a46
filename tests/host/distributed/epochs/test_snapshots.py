"""Snapshots: one form, the same on all replicas; f + 1 votes cover all that later epochs need."""

from dataclasses import replace

import pytest

from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.replica import Replica
from consilience.distributed.epochs.snapshots import KeptEpoch, Snapshot
from consilience.distributed.epochs.votes import tally
from consilience.errors import BadInput
from consilience.exact.log_sum import LogSum
from tests.host.distributed.epochs.shard import (
    ELSEWHERE,
    exchange,
    key_of,
    no_liars,
    replica_key,
    report,
    roster,
)


def closed(shard):
    closings = {number: one.closing() for number, one in shard.items()}
    exchange(closings, no_liars)
    return {number: one.close(closings[number].agreed()) for number, one in shard.items()}


def after_epochs():
    """(replicas, outcomes, snapshots) after three epochs: counted, late, proven and corrected."""
    shard = {
        number: Replica(roster(), number, replica_key(number), LogSum()) for number in range(3)
    }
    for epoch in range(3):
        for number, one in shard.items():
            for agent in (0, 1, 2, 3):
                one.admit(report(agent, codes=[-agent - epoch], epoch=epoch))
            one.admit(report(4, number, epoch=epoch))
        if epoch:
            shard[0].admit(report(5, epoch=epoch - 1))
            shard[1].admit(report(epoch, codes=[77], epoch=epoch - 1))
        outcomes = closed(shard)
    snapshots = {number: one.snapshot(outcomes[number]) for number, one in shard.items()}
    return shard, outcomes, snapshots


@pytest.fixture(scope="module")
def made():
    shard, outcomes, snapshots = after_epochs()
    votes = [shard[number].vote(outcomes[number]) for number in shard]
    return snapshots[0], outcomes[0], tally(votes, 2, roster()), [*map(bytes, snapshots.values())]


def test_all_honest_replicas_have_one_snapshot(made):
    snapshot, outcome, counted, all_bytes = made
    assert len(set(all_bytes)) == 1
    assert (snapshot.set_hash, snapshot.digest) == (outcome.set_hash, outcome.digest)
    assert Snapshot.from_bytes(bytes(snapshot)) == snapshot
    assert snapshot.named == ((0, 1), (1, 2)) and snapshot.corrected == ((1, 2),)
    assert [len(one.late) for one in snapshot.kept] == [1, 1, 0]
    snapshot.check(counted, roster())


def test_every_flipped_bit_of_a_snapshot_is_found(made):
    snapshot, _, _, _ = made
    data = bytes(snapshot)
    for bit in range(0, 8 * len(data), 3):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadInput):
            Snapshot.from_bytes(bytes(damaged))


@pytest.mark.parametrize("cut", [0, 1, 4, 5, 60, 100, 500, -33, -32, -1])
def test_bytes_cut_short_or_too_many(made, cut):
    data = bytes(made[0])
    with pytest.raises(BadInput, match=r"too few|no snapshot|is damaged"):
        Snapshot.from_bytes(data[:cut])
    with pytest.raises(BadInput, match="bytes too many behind this snapshot"):
        Snapshot.from_bytes(data + bytes(7))


def altered(snapshot):
    """Every part that a lying replica could change, each with what is said of it."""
    first, *others = snapshot.kept
    signed = first.counted[0]
    forged = replace(signed, signature=report(0, key=key_of("x")).signature)
    voted, unsigned = "is not what f . 1 replicas voted for", "that it did not sign"
    yield replace(snapshot, state=bytes(LogSum.of([1]))), voted
    yield replace(snapshot, named=()), voted
    yield replace(snapshot, named=(*snapshot.named, (1, 5))), voted
    yield replace(snapshot, corrected=()), voted
    yield replace(snapshot, kept=tuple(others)), voted
    for one in (
        KeptEpoch(first.epoch, first.counted[1:], first.late),
        KeptEpoch(first.epoch, first.counted, ()),
        KeptEpoch(first.epoch, (report(0, codes=[5]), *first.counted[1:]), first.late),
    ):
        yield replace(snapshot, kept=(one, *others)), voted
    one = KeptEpoch(first.epoch, (forged, *first.counted[1:]), first.late)
    yield replace(snapshot, kept=(one, *others)), unsigned
    late = replace(first.late[0], signature=forged.signature)
    yield replace(snapshot, kept=(replace(first, late=(late,)), *others)), unsigned
    yield replace(snapshot, roster_hash=bytes(32)), "made under another roster"


def test_nothing_in_a_snapshot_can_be_another_than_voted_for(made):
    snapshot, _, counted, _ = made
    for other, said in altered(snapshot):
        with pytest.raises(BadInput, match=said):
            Snapshot.from_bytes(bytes(other)).check(counted, roster())


def test_votes_that_say_nothing_of_a_snapshot(made):
    snapshot, _, counted, _ = made
    with pytest.raises(BadInput, match=r"has no f . 1 equal votes"):
        snapshot.check(tally([], 2, roster()), roster())
    with pytest.raises(BadInput, match="is of epoch 2, the votes are for 1"):
        snapshot.check(replace(counted, epoch=1), roster())
    for scope in ELSEWHERE.values():
        other = replace(roster(), deployment=scope.deployment, shard=scope.shard)
        with pytest.raises(BadInput, match="of another shard or deployment"):
            snapshot.check(counted, other)


def test_snapshots_that_no_replica_makes(made):
    snapshot = made[0]
    first, second, last = snapshot.kept
    wrong = {
        "epochs": (second, first, last),
        "the last": (first, second),
        "reports": (replace(first, counted=first.counted[::-1]), second, last),
        "twice": (replace(first, counted=(first.counted[0], *first.counted)), second, last),
        "both": (replace(first, late=(first.counted[0],)), second, last),
        "epoch": (replace(first, counted=second.counted), second, last),
        "nothing": (),
    }
    for kept in wrong.values():
        with pytest.raises(BadInput, match="no replica makes this snapshot"):
            replace(snapshot, kept=kept)
    for fields in (
        {"named": snapshot.named[::-1]},
        {"corrected": snapshot.corrected * 2},
        {"roster_hash": bytes(31)},
        {"epoch": 3},
        {"scope": ELSEWHERE["shard"]},
    ):
        with pytest.raises(BadInput, match="no replica makes this snapshot"):
            replace(snapshot, **fields)
    with pytest.raises(BadInput, match="epoch -1 of a snapshot is not an u64"):
        replace(snapshot, epoch=-1)


def test_a_replica_that_goes_on_from_a_snapshot_is_bit_equal_ever_after():
    """Late corrections of epochs before the snapshot included: it has the reports to take out."""
    shard, _, snapshots = after_epochs()
    state = LogSum.from_bytes(snapshots[1].state)
    shard[2] = Replica.resumed(roster(), 2, replica_key(2), state, snapshots[1])
    assert shard[2].epoch == 3
    shard[0].admit(report(0, codes=[9], epoch=2))
    shard[2].admit(report(3, codes=[9], epoch=1))  # the resumed one alone has the second half
    shard[1].admit_proof(Equivocation.of(*(report(5, codes=[n], epoch=1) for n in (3, 4))))
    for _ in range(3):
        outcomes = closed(shard)
        votes = [shard[number].vote(outcomes[number]) for number in shard]
        found = tally(votes, outcomes[0].agreed.epoch, roster())
        assert (found.agreeing, found.named) == ((0, 1, 2), {})
        if found.epoch == 3:
            assert set(outcomes[2].agreed.late) == {(2, 0), (1, 3), (1, 5)}
            assert outcomes[2].corrected == ((1, 3), (2, 0))
        assert bytes(shard[2].snapshot(outcomes[2])) == bytes(shard[0].snapshot(outcomes[0]))
