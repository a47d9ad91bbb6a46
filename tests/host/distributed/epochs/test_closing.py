"""Closing an epoch among liars: the honest end with one set, which leaves out nobody honest.

Liars see all that honest replicas sent before they speak, may make any number of offers, sign them
with all their keys, and choose anew for each recipient and each round.
"""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.distributed.epochs.closing import Closing
from consilience.distributed.epochs.equivocation import Equivocation, equivocations
from consilience.distributed.epochs.offers import Offer, Relay
from consilience.distributed.epochs.replica import Replica
from consilience.errors import BadInput
from consilience.exact.log_sum import LogSum
from tests.host.distributed.epochs.shard import (
    AGENTS,
    ELSEWHERE,
    HERE,
    exchange,
    key_of,
    no_liars,
    replica_key,
    report,
    roster,
)

POOL = [report(agent, seq, [code]) for agent in AGENTS for seq in (0, 1) for code in (agent, 7)]
"""Each report has an equivocation: another code under the same (agent, seq)."""


def offer_of(replica, reports, **fields):
    ordered = tuple(sorted(set(reports), key=lambda signed: signed.order))
    return Offer(fields.get("scope", HERE), fields.get("epoch", 0), replica, ordered)


def closing_of(replica, reports, replicas):
    offer = offer_of(replica, reports)
    return Closing(roster(replicas), replica, replica_key(replica), offer)


def relay_of(offer, signers):
    relay = Relay(offer, ())
    for signer in signers:
        relay = relay.passed_on(signer, replica_key(signer))
    return relay


@st.composite
def elections(draw):
    """(replicas, reports of each honest one, offers of the liars, what they choose from)."""
    faulty = draw(st.integers(1, 2))
    replicas = 2 * faulty + 1
    reports = st.lists(st.sampled_from(POOL), max_size=5, unique_by=lambda one: one.report.hash)
    held = {number: draw(reports) for number in range(faulty, replicas)}
    garbage = [report(0, key=key_of("nobody")), report(99), report(1, epoch=1), report(1, 9)]
    lies = [
        offer_of(
            draw(st.integers(0, replicas - 1)),
            draw(reports) + draw(st.lists(st.sampled_from(garbage), max_size=1)),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    lies += draw(
        st.lists(
            st.sampled_from([offer_of(0, [], epoch=1), offer_of(0, [], scope=ELSEWHERE["shard"])])
        )
    )
    return replicas, held, lies, draw(st.randoms(use_true_random=False))


def lying(lies, faulty, choose):
    """Any of the relays that liars can make, to anyone, in any round."""

    def speak(_round, _recipient, seen):
        said = []
        for _ in range(choose.randrange(4)):
            relay = choose.choice([*seen, *(Relay(lie, ()) for lie in lies)])
            signed = [one for one in relay.signatures if choose.random() < 0.8]
            # What honest replicas signed and passed on before can be shown to others later.
            for other in seen:
                if other.offer.statement == relay.offer.statement and choose.random() < 0.5:
                    signed += other.signatures
            mixed = Relay(relay.offer, tuple(signed))
            for liar in range(faulty):
                if choose.random() < 0.8:
                    mixed = mixed.passed_on(liar, replica_key(liar))
            said.append(mixed)
        return said

    return speak


@settings(max_examples=150)
@given(elections())
def test_honest_replicas_agree_whatever_liars_do(election):
    replicas, held, lies, choose = election
    faulty = replicas // 2
    closings = {number: closing_of(number, reports, replicas) for number, reports in held.items()}
    exchange(closings, lying(lies, faulty, choose))
    results = [closing.agreed() for closing in closings.values()]
    assert all(result == results[0] for result in results)

    agreed = results[0]
    union = {one.report.hash: one for reports in held.values() for one in reports}
    counted = {one.report.hash for one in agreed.reports}
    for hash_, one in union.items():
        assert hash_ in counted or one.report.agent in agreed.equivocations
    assert all(one.is_by(roster().agents[one.report.agent]) for one in agreed.reports)
    assert not {one.report.agent for one in agreed.reports} & set(agreed.equivocations)
    assert set(equivocations(union.values())) <= set(agreed.equivocations)
    assert all(proof.holds(roster()) for proof in agreed.equivocations.values())
    assert set(agreed.faulty) <= set(range(faulty)), "an honest replica was named"
    assert set(agreed.silent) <= set(range(faulty)) - set(agreed.faulty)
    assert list(agreed.reports) == sorted(agreed.reports, key=lambda one: one.order)


@settings(max_examples=60)
@given(elections())
def test_without_liars_the_set_is_the_union(election):
    replicas, held, _, _ = election
    held |= {number: [] for number in range(replicas // 2)}
    closings = {number: closing_of(number, reports, replicas) for number, reports in held.items()}
    exchange(closings, no_liars)
    union = {one.report.hash: one for reports in held.values() for one in reports}
    dropped = equivocations(union.values())
    kept = [one for one in union.values() if one.report.agent not in dropped]
    for closing in closings.values():
        agreed = closing.agreed()
        assert list(agreed.reports) == sorted(kept, key=lambda one: one.order)
        assert agreed.equivocations == dropped
        assert (agreed.faulty, agreed.silent, closing.refused) == ({}, (), 0)


def last_moment(lie, replicas):
    """The liars' offer, with all their signatures, to one honest replica in the last round."""
    faulty = replicas // 2

    def speak(number, recipient, _seen):
        last = number == faulty + 1 and recipient == faulty
        return [relay_of(lie, range(faulty))] if last else []

    return speak


def split(lie, replicas):
    """The same in the first round."""
    return lambda number, recipient, _seen: (
        [relay_of(lie, [0])] if number == 1 and recipient == replicas // 2 else []
    )


def results_of(replicas, liars):
    closings = {
        number: closing_of(number, [], replicas) for number in range(replicas // 2, replicas)
    }
    exchange(closings, liars)
    return [closing.agreed().reports for closing in closings.values()]


@pytest.mark.parametrize("replicas", [3, 5])
def test_an_offer_at_the_last_moment(replicas):
    """Refused: no honest replica signed it. A replica that takes it ends alone."""
    lie = offer_of(0, [report(1)])
    assert results_of(replicas, last_moment(lie, replicas)) == [()] * (replicas // 2 + 1)

    def takes_anything(closing, relay):
        closing._round, number = 1, closing._round
        honest(closing, relay)
        closing._round = number

    honest = Closing.receive
    with patch.object(Closing, "receive", takes_anything):
        results = results_of(replicas, last_moment(lie, replicas))
    assert results[0] != results[1], "the planted fault must show"


@pytest.mark.parametrize("replicas", [3, 5])
def test_an_offer_to_one_replica_alone(replicas):
    """Passed on, and so with all. Without a second round it would not be."""
    lie = offer_of(0, [report(1)])
    assert results_of(replicas, split(lie, replicas)) == [(report(1),)] * (replicas // 2 + 1)
    with patch.object(Closing, "rounds", 1):
        results = results_of(replicas, split(lie, replicas))
    assert results[0] != results[1], "the planted fault must show"


@pytest.mark.parametrize("recipient_of_second", [1, 2])
def test_two_offers_of_one_replica(recipient_of_second):
    """One to each; both replicas see both in the second round, and name the liar."""
    lies = [offer_of(0, [report(1)]), offer_of(0, [report(2)])]

    def speak(number, recipient, _seen):
        return [relay_of(lies[recipient == recipient_of_second], [0])] if number == 1 else []

    closings = {number: closing_of(number, [], 3) for number in (1, 2)}
    exchange(closings, speak)
    for closing in closings.values():
        agreed = closing.agreed()
        assert (agreed.reports, agreed.silent) == ((), ())
        assert agreed.faulty == {0: "made two offers in one epoch"}


def test_the_reports_of_a_bad_offer_do_not_count():
    lie = offer_of(0, [report(1), report(2, key=key_of("nobody"))])
    closings = {number: closing_of(number, [report(3)], 3) for number in (1, 2)}
    exchange(closings, split(lie, 3))
    for closing in closings.values():
        assert closing.agreed().reports == (report(3),)
        assert closing.agreed().faulty == {0: "offered a report of agent 2: bad signature"}


def test_relays_that_are_refused():
    closing = closing_of(1, [], 3)
    closing.receive(relay_of(offer_of(0, [], epoch=1), [0]))
    closing.receive(relay_of(offer_of(0, [], scope=ELSEWHERE["shard"]), [0]))
    closing.receive(relay_of(offer_of(99, []), [0]))
    closing.receive(relay_of(offer_of(0, []), [2]))  # not signed by who offers
    closing.receive(Relay(offer_of(0, []), ((0, bytes(64)),)))
    closing.receive(relay_of(offer_of(0, [], scope=ELSEWHERE["deployment"]), [0]))
    assert closing.refusals == {
        "other epoch": 1,
        "other shard": 1,
        "other deployment": 1,
        "too few good signatures for the round": 3,
    }
    assert closing.end_round() == []
    closing.receive(relay_of(offer_of(0, []), [0]))  # late
    assert closing.refused == 7
    closing.receive(relay_of(offer_of(0, []), [0, 2]))
    assert closing.refused == 7
    assert closing.end_round() == []
    closing.receive(relay_of(offer_of(2, []), [0, 2]))
    assert closing.refusals["after the last round"] == 1
    assert closing.agreed().silent == (2,)


def test_what_is_asked_too_early_or_of_another():
    closing = closing_of(1, [], 3)
    with pytest.raises(BadInput, match=r"^round 1 of 2 has not ended$"):
        closing.agreed()
    offer = offer_of(1, [])
    for replica, key in ((2, replica_key(2)), (1, replica_key(2)), (9, replica_key(1))):
        with pytest.raises(BadInput, match="is not that of replica"):
            Closing(roster(), replica, key, offer)
    for scope in ELSEWHERE.values():
        with pytest.raises(BadInput, match="is of another shard or deployment than the roster"):
            Closing(roster(), 1, replica_key(1), offer_of(1, [], scope=scope))


COUNTED = [report(0, 0), report(1, 0), report(2, 0), report(2, 1)]
"""What counts of epoch 0; of agent 3 nothing."""
AFTER = [report(agent, seq, [code]) for agent in (1, 2, 3) for seq in (0, 1) for code in (5, 6)]
FORGED = [report(4, key=key_of("x")), report(99), report(0, 9), report(0, scope=ELSEWHERE["shard"])]


def closed_once(number):
    """A replica after epoch 0."""
    one = Replica(roster(), number, replica_key(number), LogSum())
    for signed in COUNTED:
        one.admit(signed)
    closing = one.closing()
    exchange({number: closing}, no_liars)
    one.close(closing.agreed())
    return one


def lying_late_offer(draw):
    """Late reports, good or forged, and proofs, that hold or not, in any or no order."""
    late = draw(st.lists(st.sampled_from(AFTER + FORGED), max_size=3))
    pairs = draw(st.lists(st.tuples(st.sampled_from(AFTER), st.sampled_from(AFTER)), max_size=2))
    proofs = [
        Equivocation.of(one, other)
        for one, other in pairs
        if one.order[:2] == other.order[:2] and one != other
    ]
    if draw(st.booleans()):
        late.sort(key=lambda one: (one.report.epoch, one.report.agent, one.report.seq))
    proofs.sort(key=lambda proof: (proof.epoch, proof.agent))
    return Offer(HERE, 1, 0, (), tuple(proofs), tuple(late))


@settings(max_examples=100)
@given(st.data())
def test_honest_replicas_agree_on_what_came_late_whatever_a_liar_does(data):
    shard = {number: closed_once(number) for number in (1, 2)}
    heard = {n: data.draw(st.lists(st.sampled_from(AFTER), max_size=4)) for n in shard}
    for number, one in shard.items():
        for signed in heard[number]:
            one.admit(signed)
    lies = [lying_late_offer(data.draw) for _ in range(data.draw(st.integers(0, 3)))]
    lies.append(Offer(HERE, 1, 0, ()))
    closings = {number: one.closing() for number, one in shard.items()}
    exchange(closings, lying(lies, 1, data.draw(st.randoms(use_true_random=False))))
    results = [closing.agreed() for closing in closings.values()]
    assert results[0] == results[1]

    agreed = results[0]
    assert set(agreed.faulty) <= {0}, "an honest replica was named"
    assert all(proof.holds(roster()) for proof in agreed.late.values())
    met = {one.report.hash: one for one in [*COUNTED, *heard[1], *heard[2]]}
    assert {(0, agent) for agent in equivocations(met.values())} <= set(agreed.late)
    outcomes = [shard[n].close(agreed) for n in shard]
    assert outcomes[0].digest == outcomes[1].digest
    assert bytes(shard[1].snapshot(outcomes[0])) == bytes(shard[2].snapshot(outcomes[1]))
    assert {agent for _, agent in shard[1].history.named} == {agent for _, agent in agreed.late}
    kept = [one for one in COUNTED if one.report.agent not in {a for _, a in agreed.late}]
    assert bytes(shard[1].state) == bytes(LogSum.of([-65536] * len(kept)))
