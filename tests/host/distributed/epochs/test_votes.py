"""Votes: f + 1 equal digests, and a name for everyone beside."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.epochs.votes import Doubt, Vote, tally
from tests.host.distributed.epochs.shard import SHARD, key_of, replica_key, roster

SETS, DIGESTS = [bytes([n] * 32) for n in (1, 2)], [bytes([n] * 32) for n in (3, 4, 5)]


def vote(replica, set_hash=SETS[0], digest=DIGESTS[0], epoch=0, shard=SHARD, key=None):
    unsigned = Vote(epoch, shard, replica, set_hash, digest)
    return unsigned.signed(key or replica_key(replica))


def test_statement():
    numbers = b"".join(value.to_bytes(8, "little") for value in (7, SHARD, 2))
    tag = b"consilience vote 1".ljust(32, b"\0")
    assert vote(2, epoch=7).statement == tag + numbers + SETS[0] + DIGESTS[0]


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
        (lambda n: [vote(n, shard=SHARD + 1)], Doubt.SILENT),
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
    lies = [vote(*one) for one in cast if one[0] < 2]
    found = tally([vote(n, *truth) for n in (2, 3, 4)] + lies, 0, roster(5))
    assert (found.set_hash, found.digest) == truth
    assert set(found.agreeing) >= {2, 3, 4}
    assert set(found.named) == {0, 1} - set(found.agreeing)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(SETS), st.sampled_from(DIGESTS))))
def test_against_a_count_by_hand(cast):
    found = tally([vote(*one) for one in cast], 0, roster(5))
    said = {n: {one[1:] for one in cast if one[0] == n} for n in range(5)}
    single = [next(iter(what)) for what in said.values() if len(what) == 1]
    winners = [what for what in set(single) if single.count(what) >= 3]
    assert [(found.set_hash, found.digest)] == (winners or [(None, None)])
    assert {n for n, d in found.named.items() if d is Doubt.TWO_VOTES} == {
        n for n in said if len(said[n]) > 1
    }
