"""Votes: f + 1 equal digests, and a name for everyone beside."""

import itertools
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.votes import Doubt, Vote, tally
from consilience.errors import BadInput
from tests.host.distributed.epochs.shard import (
    DEPLOYMENT,
    ELSEWHERE,
    HERE,
    SHARD,
    agent_key,
    key_of,
    replica_key,
    roster,
)

SETS, DIGESTS = [bytes([n] * 32) for n in (1, 2)], [bytes([n] * 32) for n in (3, 4, 5)]


def vote(replica, set_hash=SETS[0], digest=DIGESTS[0], epoch=0, scope=HERE, key=None, under=None):
    roster_hash = (under or roster()).hash
    unsigned = Vote(scope, epoch, replica, roster_hash, set_hash, digest)
    return unsigned.signed(key or replica_key(replica))


def test_statement():
    one = vote(2, epoch=7)
    numbers = b"".join(value.to_bytes(8, "little") for value in (SHARD, 7, 2))
    tag = b"consilience vote 2".ljust(32, b"\0")
    fields = DEPLOYMENT + numbers + roster().hash + SETS[0] + DIGESTS[0]
    assert one.statement == tag + fields
    assert bytes(one) == b"CNEV\2" + fields + one.signature
    assert Vote.from_bytes(bytes(one)) == one


@pytest.mark.parametrize("moved", [1, 31, -1, -32, 64])
def test_a_vote_cannot_be_split_anew(moved):
    """Bytes moved from one hash into the next: the same were signed, and both votes counted."""
    one = vote(0)
    together = one.set_hash + one.digest
    with pytest.raises(BadInput, match=r"^set_hash of a vote has 32 bytes, not"):
        replace(one, set_hash=together[: 32 + moved], digest=together[32 + moved :])
    together = one.roster_hash + one.set_hash
    with pytest.raises(BadInput, match=r"^roster_hash of a vote has 32 bytes, not"):
        replace(one, roster_hash=together[: 32 + moved], set_hash=together[32 + moved :])


def test_bytes_of_a_vote_with_any_bit_flipped_are_no_vote_or_have_no_effect():
    honest = [vote(n) for n in range(3)]
    data = bytes(honest[0])
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            other = Vote.from_bytes(bytes(damaged))
        except BadInput:
            continue
        assert tally([*honest, other], 0, roster()) == tally(honest, 0, roster())
    for wrong in (data[:-1], data + b"\0", b""):
        with pytest.raises(BadInput):
            Vote.from_bytes(wrong)
    with pytest.raises(BadInput, match=r"^epoch -1 of a vote is not an u64$"):
        replace(honest[0], epoch=-1)
    with pytest.raises(BadInput, match=r"^a signature has 64 bytes, not 63$"):
        replace(honest[0], signature=bytes(63))
    with pytest.raises(BadInput, match="call signed"):
        bytes(replace(honest[0], signature=b""))
    assert tally([replace(honest[0], signature=b"")], 0, roster()).named[0] is Doubt.SILENT


OTHER_ROSTERS = {
    "limits": replace(roster(), reports_per_agent=5),
    "codes": replace(roster(), codes_per_report=5),
    "horizon": replace(roster(), horizon=5),
    "an agent more": replace(roster(), agents={**roster().agents, 99: key_of("new").public}),
    "an agent less": replace(roster(), agents=dict(list(roster().agents.items())[1:])),
    "another key": replace(roster(), agents={**roster().agents, 0: key_of("new").public}),
    "numbers changed": replace(
        roster(), agents={**roster().agents, 0: agent_key(1).public, 1: agent_key(0).public}
    ),
    "another replica": replace(roster(), replicas={**roster().replicas, 2: key_of("x").public}),
    "shard": replace(roster(), shard=9),
    "deployment": replace(roster(), deployment=bytes(16)),
}


@pytest.mark.parametrize("under", OTHER_ROSTERS.values(), ids=OTHER_ROSTERS)
def test_a_vote_under_another_roster_does_not_count_and_says_why(under):
    found = tally([vote(0), vote(1), vote(2, under=under)], 0, roster())
    assert found.digest == DIGESTS[0]
    assert found.named == {2: Doubt.OTHER_ROSTER}
    alone = tally([vote(0), vote(1, under=under), vote(2, under=under)], 0, roster())
    assert alone.digest is None, "two of three, but they count otherwise"
    assert alone.named == dict.fromkeys((1, 2), Doubt.OTHER_ROSTER)
    twice = tally([vote(0), vote(1), vote(2), vote(2, under=under)], 0, roster())
    assert twice.named == {2: Doubt.TWO_VOTES}


def test_the_hash_of_a_roster_by_other_code():
    def number(value):
        return value.to_bytes(8, "little")

    one = Roster(DEPLOYMENT, 5, {7: bytes([1] * 32), 3: bytes([2] * 32)}, {0: bytes(32)}, 2, 3, 4)
    expected = b"consilience roster 1".ljust(32, b"\0") + DEPLOYMENT
    expected += b"".join(map(number, (5, 2, 3, 4, 2, 3)))
    expected += bytes([2] * 32) + number(7) + bytes([1] * 32) + number(1) + number(0) + bytes(32)
    assert one.hash == sha256(expected).digest()


def test_all_agree():
    found = tally([vote(n) for n in range(3)], 0, roster())
    assert (found.digest, found.set_hash) == (DIGESTS[0], SETS[0])
    assert (found.agreeing, found.named) == ((0, 1, 2), {})


@pytest.mark.parametrize("liar", range(3))
@pytest.mark.parametrize(
    ("votes", "doubt"),
    [
        (lambda n: [vote(n, digest=DIGESTS[1])], Doubt.OTHER_STATE),
        (lambda n: [vote(n, SETS[1], DIGESTS[1])], Doubt.OTHER_REPORTS),
        (lambda n: [vote(n, SETS[1])], Doubt.OTHER_REPORTS),
        (lambda n: [vote(n), vote(n, digest=DIGESTS[1])], Doubt.TWO_VOTES),
        (lambda n: [vote(n), vote(n, SETS[1])], Doubt.TWO_VOTES),
        (lambda n: [], Doubt.SILENT),
        (lambda n: [vote(n, epoch=1)], Doubt.SILENT),
        (lambda n: [vote(n, scope=ELSEWHERE["shard"])], Doubt.SILENT),
        (lambda n: [vote(n, scope=ELSEWHERE["deployment"])], Doubt.SILENT),
        (lambda n: [vote(n, key=key_of("x"))], Doubt.SILENT),
        (lambda n: [vote((n + 1) % 3, digest=DIGESTS[1], key=replica_key(n))], Doubt.SILENT),
        (lambda n: [vote(99, key=replica_key(n))], Doubt.SILENT),
    ],
)
def test_every_lie_has_a_name(liar, votes, doubt):
    honest = [vote(n) for n in range(3) if n != liar]
    for order in itertools.permutations(honest + votes(liar)):
        found = tally([*order, *order], 0, roster())
        assert found.digest == DIGESTS[0]
        assert found.named == {liar: doubt}


def test_no_quorum_no_result():
    found = tally([vote(0), vote(1, digest=DIGESTS[1]), vote(2, digest=DIGESTS[2])], 0, roster())
    assert (found.digest, found.set_hash, found.agreeing, found.named) == (None, None, (), {})
    assert tally([], 0, roster()).named == dict.fromkeys(range(3), Doubt.SILENT)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(SETS), st.sampled_from(DIGESTS))))
def test_f_liars_never_make_a_result_of_their_own(cast):
    """Five replicas; what 0 and 1 say is arbitrary, 2, 3 and 4 are honest."""
    truth = (SETS[0], DIGESTS[0])
    five = roster(5)
    lies = [vote(*one, under=five) for one in cast if one[0] < 2]
    found = tally([vote(n, *truth, under=five) for n in (2, 3, 4)] + lies, 0, five)
    assert (found.set_hash, found.digest) == truth
    assert set(found.agreeing) >= {2, 3, 4}
    assert set(found.named) == {0, 1} - set(found.agreeing)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(SETS), st.sampled_from(DIGESTS))))
def test_against_a_count_by_hand(cast):
    found = tally([vote(*one, under=roster(5)) for one in cast], 0, roster(5))
    said = {n: {one[1:] for one in cast if one[0] == n} for n in range(5)}
    single = [next(iter(what)) for what in said.values() if len(what) == 1]
    winners = [what for what in set(single) if single.count(what) >= 3]
    assert [(found.set_hash, found.digest)] == (winners or [(None, None)])
    assert {n for n, d in found.named.items() if d is Doubt.TWO_VOTES} == {
        n for n in said if len(said[n]) > 1
    }
