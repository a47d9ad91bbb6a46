"""Offers: what no honest replica makes is told, the same everywhere; every bit is signed."""

import tracemalloc
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.offers import Offer, Relay
from consilience.errors import BadInput
from tests.host.distributed.epochs.shard import (
    AGENTS,
    DEPLOYMENT,
    ELSEWHERE,
    HERE,
    SHARD,
    key_of,
    replica_key,
    report,
    roster,
)

REPORTS = (report(0, epoch=7), report(0, 1, epoch=7), report(2, epoch=7))
PROOFS = tuple(
    Equivocation.of(report(agent, codes=[1], epoch=epoch), report(agent, codes=[2], epoch=epoch))
    for epoch, agent in ((4, 3), (6, 1), (6, 2))
)
LATE = (report(4, epoch=4), report(0, epoch=6), report(0, 2, epoch=6))
OFFER = Offer(HERE, 7, 1, REPORTS, PROOFS, LATE)


def test_an_honest_offer():
    assert OFFER.fault(roster()) is None
    assert Offer(HERE, 7, 1, ()).fault(roster()) is None


def test_statement():
    pairs = [one for proof in PROOFS for one in (proof.first, proof.second)]
    contents = b"".join(len(some).to_bytes(8, "little") for some in (REPORTS, PROOFS, LATE))
    for signed in (*REPORTS, *pairs, *LATE):
        contents += len(bytes(signed)).to_bytes(4, "little") + bytes(signed)
    place = DEPLOYMENT + b"".join(value.to_bytes(8, "little") for value in (SHARD, 7, 1))
    tag = b"consilience offer 2".ljust(32, b"\0")
    assert OFFER.statement == tag + place + sha256(contents).digest()
    assert bytes(OFFER) == b"CNEO\2" + place + contents


@pytest.mark.parametrize(
    "other",
    [
        replace(OFFER, epoch=8),
        *(replace(OFFER, scope=scope) for scope in ELSEWHERE.values()),
        replace(OFFER, replica=2),
        replace(OFFER, reports=REPORTS[:2]),
        replace(OFFER, reports=REPORTS[::-1]),
        replace(OFFER, proofs=PROOFS[:2]),
        replace(OFFER, proofs=()),
        replace(OFFER, late=LATE[1:]),
        replace(OFFER, late=()),
        replace(OFFER, reports=(*REPORTS, PROOFS[0].first), proofs=PROOFS[1:]),
    ],
)
def test_no_other_offer_has_the_statement(other):
    assert other.statement != OFFER.statement


FAULTS = {
    "offered a report of agent 5: bad signature": {
        "reports": (*REPORTS, report(5, epoch=7, key=key_of("x")))
    },
    "offered a report of agent 9: unknown agent": {"reports": (*REPORTS, report(9, epoch=7))},
    "offered a report of agent 5: other epoch": {"reports": (*REPORTS, report(5, epoch=6))},
    "offered a report of agent 5: seq out of range": {"reports": (*REPORTS, report(5, 4, epoch=7))},
    "offered reports out of order or twice": {"reports": (*REPORTS, REPORTS[0])},
    "offered more than 4 reports of one agent": {
        "reports": sorted((report(0, 0, [n], 7) for n in range(5)), key=lambda one: one.order)
    },
    "offered a proof about epoch 3 in epoch 7": {
        "proofs": (Equivocation.of(report(1, epoch=3), report(1, codes=[5], epoch=3)),)
    },
    "offered a proof about epoch 7 in epoch 7": {
        "proofs": (Equivocation.of(report(1, epoch=7), report(1, codes=[5], epoch=7)),)
    },
    "offered a proof against agent 1 that does not hold": {
        "proofs": (
            Equivocation.of(report(1, epoch=6), report(1, codes=[5], epoch=6, key=key_of("x"))),
        )
    },
    "offered a report of agent 5: other shard": {
        "reports": (*REPORTS, report(5, epoch=7, scope=ELSEWHERE["shard"]))
    },
    "offered a proof against agent 2 that does not hold": {
        "proofs": (
            Equivocation.of(
                *(report(2, codes=[n], epoch=6, scope=ELSEWHERE["deployment"]) for n in (1, 2))
            ),
        )
    },
    "offered a late report of epoch 3 in epoch 7": {"late": (report(0, epoch=3), *LATE)},
    "offered a late report of epoch 7 in epoch 7": {"late": (*LATE, report(0, epoch=7))},
    "offered a late report of agent 1: bad signature": {
        "late": (*LATE, report(1, epoch=6, key=key_of("x")))
    },
    "offered a late report of agent 1: other deployment": {
        "late": (*LATE, report(1, epoch=6, scope=ELSEWHERE["deployment"]))
    },
    "offered late reports out of order or twice": {"late": (*LATE, report(0, 2, [9], epoch=6))},
    "offered proofs out of order or twice": {"proofs": (PROOFS[1], PROOFS[0])},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(fault):
    assert replace(OFFER, **FAULTS[fault]).fault(roster()) == fault


def test_the_same_twice_and_as_many_as_there_may_be():
    twice = replace(OFFER, reports=(REPORTS[0], *REPORTS))
    assert twice.fault(roster()) == "offered reports out of order or twice"
    twice = replace(OFFER, proofs=(PROOFS[0], *PROOFS))
    assert twice.fault(roster()) == "offered proofs out of order or twice"
    four = replace(OFFER, reports=tuple(report(0, seq, epoch=7) for seq in range(4)))
    assert four.fault(roster()) is None


def test_a_relay_counts_good_signatures_once():
    relay = Relay(OFFER, ()).passed_on(1, replica_key(1))
    assert relay.signers(roster()) == {1}
    assert relay.passed_on(1, replica_key(1)).signers(roster()) == {1}
    assert relay.passed_on(0, replica_key(0)).signers(roster()) == {0, 1}
    assert relay.passed_on(2, replica_key(0)).signers(roster()) == {1}
    assert relay.passed_on(99, replica_key(0)).signers(roster()) == {1}
    moved = Relay(replace(OFFER, reports=()), relay.signatures)
    assert moved.signers(roster()) == frozenset()
    assert len(AGENTS) == len(roster().agents)


RELAY = Relay(OFFER, ()).passed_on(1, replica_key(1)).passed_on(0, replica_key(0))


def test_relays_there_and_back():
    assert Offer.from_bytes(bytes(OFFER)) == OFFER
    assert Relay.from_bytes(bytes(RELAY)) == RELAY
    assert [replica for replica, _ in RELAY.signatures] == [0, 1]
    count = (2).to_bytes(8, "little")
    signed = b"".join(n.to_bytes(8, "little") + sign for n, sign in RELAY.signatures)
    assert bytes(RELAY) == b"CNEL\1" + count + signed + bytes(OFFER)
    for proof in PROOFS:
        assert Equivocation.from_bytes(bytes(proof)) == proof


@pytest.mark.parametrize(
    ("made", "form"), [(RELAY, Relay), (OFFER, Offer), (PROOFS[0], Equivocation)]
)
def test_bytes_that_no_replica_sends(made, form):
    """Cut anywhere, with more behind, or another form: bad input, whatever the length says."""
    data = bytes(made)
    for size in range(0, len(data), 7):
        with pytest.raises(BadInput):
            form.from_bytes(data[:size])
    with pytest.raises(BadInput, match="1 bytes too many"):
        form.from_bytes(data + b"\0")
    for other in (bytes(REPORTS[0]), b"\xff" * len(data), b""):
        with pytest.raises(BadInput):
            form.from_bytes(other)


@settings(max_examples=200)
@given(st.sampled_from([RELAY, OFFER, PROOFS[0]]), st.data())
def test_damaged_bytes_are_bad_input_or_other_bytes(made, data):
    """What is read is written back as it was: there is one form of everything."""
    damaged = bytearray(bytes(made))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(200, len(damaged) - 1)))
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        other = type(made).from_bytes(bytes(damaged))
    except BadInput:
        return
    assert bytes(other) == bytes(damaged)


def test_a_forged_count_or_length_buys_nothing():
    """2**64 - 1 reports, or one of 4 GiB, in a small message: no memory is set aside for them."""
    data = bytearray(bytes(OFFER))
    start = 5 + 24 + 16
    for place, size in ((start, 8), (start + 8, 8), (start + 16, 8), (start + 24, 4)):
        forged = bytes(data[:place]) + b"\xff" * size + bytes(data[place + size :])
        tracemalloc.start()
        with pytest.raises(BadInput, match="are too few for this offer"):
            Offer.from_bytes(forged)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1 << 20


def test_signatures_of_a_relay_in_another_order_or_twice():
    for signatures in (RELAY.signatures[::-1], RELAY.signatures[:1] * 2):
        with pytest.raises(BadInput, match="out of order, or one is there twice"):
            Relay.from_bytes(bytes(Relay(OFFER, signatures)))
