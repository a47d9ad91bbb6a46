"""Replicas of a shard over whole epochs: one digest for every order, and a name for every fault."""

import struct
from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.distributed.epochs import replica as replica_module
from consilience.distributed.epochs.collection import Admission
from consilience.distributed.epochs.digests import epoch_digest, report_set_hash
from consilience.distributed.epochs.equivocation import Equivocation, equivocations
from consilience.distributed.epochs.offers import Relay
from consilience.distributed.epochs.replica import Replica
from consilience.distributed.epochs.reports import AgentReport
from consilience.distributed.epochs.votes import Doubt, tally
from consilience.errors import BadInput
from consilience.exact.log_sum import LogSum
from consilience_sim import golden
from tests.host.distributed.epochs.shard import (
    AGENTS,
    DEPLOYMENT,
    ELSEWHERE,
    HERE,
    SHARD,
    agent_key,
    exchange,
    key_of,
    no_liars,
    replica_key,
    report,
    roster,
)


def replica_of(number, replicas=3, **options):
    return Replica(roster(replicas), number, replica_key(number), LogSum(), **options)


def shard_of(replicas=3):
    return {number: replica_of(number, replicas) for number in range(replicas)}


def closed(shard, liars=no_liars):
    """Close the open epoch of these replicas, and return what each made of it."""
    closings = {number: one.closing() for number, one in shard.items()}
    exchange(closings, liars)
    return {number: one.close(closings[number].agreed()) for number, one in shard.items()}


def tally_of(shard, outcomes, epoch=0, replicas=3):
    votes = [shard[number].vote(outcomes[number]) for number in shard]
    return tally(votes, epoch, roster(replicas))


def codes_in(reports):
    return [code for one in reports for (code,) in struct.iter_unpack("<i", one.report.payload)]


def digest_by_hand(epoch, reports, equivocators, corrected, state, kept=MappingProxyType({})):
    """The layouts of the docs, by other code; `kept`: what counts of epochs before."""

    def number(value):
        return value.to_bytes(8, "little")

    place = number(epoch) + number(SHARD)

    def reports_of(some):
        ordered = sorted((f.report.agent, f.report.seq, f.report.hash) for f in some)
        each = (number(agent) + number(seq) + hash_ for agent, seq, hash_ in ordered)
        return number(len(ordered)) + b"".join(each)

    def kept_hash(some):
        return sha256(b"consilience kept frames 1".ljust(32, b"\0") + reports_of(some)).digest()

    listed = (
        b"consilience frame set 2".ljust(32, b"\0") + DEPLOYMENT + number(SHARD) + number(epoch)
    )
    listed += reports_of(reports)
    listed += number(len(equivocators)) + b"".join(map(number, sorted(equivocators)))
    listed += number(len(corrected))
    listed += b"".join(number(value) for pair in sorted(corrected) for value in pair)
    kept = {epoch: reports, **kept}
    listed += number(len(kept))
    for closed_epoch, some in sorted(kept.items()):
        listed += number(closed_epoch) + kept_hash(some) + kept_hash(())
    named = {*corrected, *((epoch, agent) for agent in equivocators)}
    listed += number(len(named))
    listed += b"".join(number(value) for pair in sorted(named) for value in pair)
    tag = b"consilience epoch 1".ljust(32, b"\0")
    return sha256(tag + place + sha256(listed).digest() + bytes(state)).digest()


code = st.integers(-40 << 16, 0) | st.sampled_from([-(1 << 31), 0])
any_report = st.builds(
    report, st.sampled_from(AGENTS), st.integers(0, 2), st.lists(code, max_size=3)
)
refused = st.sampled_from(
    [report(0, epoch=1), report(99), report(3, 4), report(1, key=key_of("nobody"))]
)


@settings(max_examples=120)
@given(st.data())
def test_every_order_and_distribution_gives_one_digest(data):
    replicas = data.draw(st.sampled_from([3, 5]))
    reports = data.draw(st.lists(any_report, max_size=8))
    choose = data.draw(st.randoms(use_true_random=False))
    shard = shard_of(replicas)
    for number, one in shard.items():
        mine = [each for each in reports if choose.random() < 0.5]
        mine += [each for place, each in enumerate(reports) if place % replicas == number]
        mine += data.draw(st.lists(refused, max_size=2))
        choose.shuffle(mine)
        for each in mine:
            one.admit(each)
    outcomes = closed(shard)
    liars = set(equivocations(reports))
    unique = {each.report.hash: each for each in reports if each.report.agent not in liars}
    counted = list(unique.values())
    codes = codes_in(counted)
    expected = digest_by_hand(0, counted, liars, (), LogSum.of(codes))
    assert {outcome.digest for outcome in outcomes.values()} == {expected}
    assert {frozenset(outcome.agreed.equivocations) for outcome in outcomes.values()} == {
        frozenset(liars)
    }
    assert shard[0].state.code == golden.log_sum(codes)[0]
    found = tally_of(shard, outcomes, replicas=replicas)
    assert (found.digest, found.named) == (expected, {})


class Flipped:
    """A state of which one bit in memory is not what it was."""

    def __init__(self, state, bit):
        self.data = bytearray(bytes(state))
        self.data[bit // 8] ^= 1 << bit % 8

    def __bytes__(self):
        return bytes(self.data)


def test_any_flipped_bit_of_a_state_is_found_and_named():
    for liar in range(3):
        shard = shard_of()
        for one in shard.values():
            for agent in AGENTS:
                one.admit(report(agent, codes=[-agent << 15]))
        outcomes = closed(shard)
        state = shard[liar].state
        for bit in range(0, 8 * len(bytes(state)), 1 if liar == 0 else 37):
            digest = epoch_digest(0, SHARD, outcomes[liar].set_hash, Flipped(state, bit))
            wrong = outcomes | {liar: replace(outcomes[liar], digest=digest)}
            found = tally_of(shard, wrong)
            assert found.named == {liar: Doubt.OTHER_STATE}, f"bit {bit}"
            assert found.digest == outcomes[(liar + 1) % 3].digest


@pytest.mark.parametrize("liar", range(3))
@pytest.mark.parametrize("bit", range(0, 40, 3))
def test_a_bit_flipped_in_memory_between_epochs(liar, bit):
    """In the bins themselves, before another epoch's reports are added to them."""
    shard = shard_of()
    for one in shard.values():
        one.admit(report(0))
    closed(shard)
    bins = shard[liar].state._held.bins
    bins.sums[-1] ^= np.uint64(1 << bit)
    for one in shard.values():
        one.admit(report(1, epoch=1))
    found = tally_of(shard, closed(shard), epoch=1)
    assert found.named == {liar: Doubt.OTHER_STATE}
    assert found.agreeing == tuple(number for number in range(3) if number != liar)


def test_a_replica_that_left_out_a_report_is_named():
    shard = shard_of()
    for one in shard.values():
        one.admit(report(0))
        one.admit(report(1))
    closings = {number: one.closing() for number, one in shard.items()}
    exchange(closings, no_liars)
    outcomes = {}
    for number, one in shard.items():
        agreed = closings[number].agreed()
        outcomes[number] = one.close(
            replace(agreed, reports=agreed.reports[1:]) if number == 2 else agreed
        )
    assert tally_of(shard, outcomes).named == {2: Doubt.OTHER_REPORTS}


def test_cut_apart_replicas_never_make_two_results():
    """Without a bound on messages honest sets differ; then no quorum, and nothing false."""
    shard = shard_of()
    for number, one in shard.items():
        one.admit(report(number))
    outcomes = {number: closed({number: one})[number] for number, one in shard.items()}
    assert tally_of(shard, outcomes).digest is None


def test_a_proof_that_comes_late_corrects_the_next_epoch():
    shard, never = shard_of(), shard_of()
    counted, hidden = report(2, 1, [-5]), report(2, 1, [-7])
    for number in shard:
        for one in (shard[number], never[number]):
            one.admit(report(1))
        for one in (counted, report(2, 0, [-9])):
            shard[number].admit(one)
    outcomes, without = closed(shard), closed(never)
    assert bytes(shard[0].state) != bytes(never[0].state)
    # One replica alone meets the other version; all of them correct.
    assert shard[1].admit(hidden) is Admission.LATE_PROOF
    for group in (shard, never):
        for one in group.values():
            one.admit(report(3, epoch=1))
    outcomes, without = closed(shard), closed(never)
    assert {outcome.corrected for outcome in outcomes.values()} == {((0, 2),)}
    assert bytes(shard[0].state) == bytes(never[0].state)
    proof = outcomes[0].agreed.late[0, 2]
    assert proof == Equivocation.of(counted, hidden) and proof.holds(roster())
    reports = outcomes[0].agreed.reports
    state = LogSum.of(codes_in([report(1), *reports]))
    expected = digest_by_hand(1, reports, (), [(0, 2)], state, {0: [report(1)]})
    assert tally_of(shard, outcomes, epoch=1).digest == expected
    assert expected != without[0].digest, "that it was corrected is part of the digest"

    assert shard[1].offer().proofs == (), "a proof that was brought is not brought again"
    # Once is enough: the same proof again takes nothing out.
    assert shard[1].admit(hidden) is Admission.OTHER_EPOCH
    assert shard[1].admit_proof(proof) is Admission.DUPLICATE
    assert closed(shard)[0].corrected == ()
    assert bytes(shard[0].state) == bytes(never[0].state)


def closed_in_three(times=1, admit=()):
    shard = shard_of()
    for one in shard.values():
        for signed in admit:
            one.admit(signed)
    for _ in range(times):
        closed(shard)
    return shard


def equal_everywhere(shard, outcomes):
    assert len({outcome.digest for outcome in outcomes.values()}) == 1
    assert len({bytes(one.state) for one in shard.values()}) == 1


HALVES = report(2, 1, [-5]), report(2, 1, [-7])


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("receivers", [(0, 0), (0, 1), (2, 1)])
@pytest.mark.parametrize("epochs_between", [0, 1])
def test_both_halves_came_after_the_closing_and_nobody_was_named(receivers, first, epochs_between):
    """To one replica or to two, in one epoch or in two: the agent, of whom nothing counts."""
    shard = closed_in_three()
    assert shard[receivers[0]].admit(HALVES[first]) is Admission.OTHER_EPOCH
    for _ in range(epochs_between):
        outcomes = closed(shard)
        assert outcomes[0].agreed.late == {}
        equal_everywhere(shard, outcomes)
    verdict = shard[receivers[1]].admit(HALVES[1 - first])
    together = receivers[0] == receivers[1] or epochs_between
    assert verdict is (Admission.LATE_PROOF if together else Admission.OTHER_EPOCH)
    outcomes = closed(shard)
    equal_everywhere(shard, outcomes)
    for outcome in outcomes.values():
        assert outcome.agreed.late == {(0, 2): Equivocation.of(*HALVES)}
        assert outcome.corrected == (), "nothing of it was counted"
    assert tally_of(shard, outcomes, epoch=1 + epochs_between).named == {}

    for one in shard.values():  # named once, not again
        assert one.admit(HALVES[0]) is Admission.OTHER_EPOCH
        assert one.admit(report(2, 1, [9])) is Admission.OTHER_EPOCH
        assert one.admit_proof(Equivocation.of(*HALVES)) is Admission.DUPLICATE
        assert (one.offer().proofs, one.offer().late) == ((), ())
    assert closed(shard)[0].agreed.late == {}


def test_a_late_half_beside_what_counts_corrects_whoever_offers_it():
    """A liar offers the half alone, not the proof: all replicas make the proof themselves."""
    shard = closed_in_three(admit=[HALVES[0], report(1)])
    liar = shard.pop(0)
    offer = replace(liar.offer(), late=(HALVES[1],))
    relay = Relay(offer, ()).passed_on(0, replica_key(0))
    outcomes = closed(shard, lambda number, *_: [relay] if number == 1 else [])
    equal_everywhere(shard, outcomes)
    assert outcomes[1].agreed.late == {(0, 2): Equivocation.of(*HALVES)}
    assert outcomes[1].corrected == ((0, 2),)
    assert bytes(shard[1].state) == bytes(LogSum.of([-65536]))


def test_late_halves_are_bounded_and_forgotten_with_the_horizon():
    one = replica_of(0, 1)
    closed({0: one})
    for seq in range(6):
        verdict = one.admit(report(3, seq))
        assert verdict is (Admission.OTHER_EPOCH if seq < 4 else Admission.SEQ_OUT_OF_RANGE)
    assert one.admit(report(3, 0)) is Admission.OTHER_EPOCH
    assert one.admit(report(5, key=key_of("x"))) is Admission.BAD_SIGNATURE
    assert one.admit(report(99)) is Admission.UNKNOWN_AGENT
    assert [signed.report.seq for signed in one.offer().late] == [0, 1, 2, 3]
    assert one.offer().fault(roster(1)) is None
    closed({0: one})
    assert one.offer().late == (), "what was brought is not brought again"
    assert len(one.history.late(0)) == 4
    assert one.admit(report(3, 0, [5])) is Admission.LATE_PROOF
    closed({0: one})
    assert one.history.late(0) == (), "of a proven liar nothing more is needed"
    assert one.history.named == {(0, 3)}
    closed({0: one})
    assert one.epoch == 4 and one.history.named == frozenset(), "forgotten with the horizon of 3"
    assert one.admit(report(3, 0, [5])) is Admission.OTHER_EPOCH


def test_what_came_while_the_epoch_was_closing_was_accepted_and_dropped():
    shard = shard_of()
    for one in shard.values():
        one.admit(HALVES[0])
    closings = {number: one.closing() for number, one in shard.items()}
    before = {number: one.offer() for number, one in shard.items()}
    for one in shard.values():
        assert one.admit(report(1)) is Admission.CLOSING
        assert one.admit(report(1)) is Admission.CLOSING
        assert one.admit(report(3, key=key_of("x"))) is Admission.BAD_SIGNATURE
        assert one.admit(HALVES[0]) is Admission.DUPLICATE
    assert "next epoch" in Admission.CLOSING.value
    assert shard[1].admit(HALVES[1]) is Admission.EQUIVOCATION
    assert shard[2].collection.counts[Admission.CLOSING] == 2
    assert {number: one.offer() for number, one in shard.items()} == before
    assert all(one.closing() is closings[number] for number, one in shard.items())
    exchange(closings, no_liars)
    outcomes = {number: one.close(closings[number].agreed()) for number, one in shard.items()}
    equal_everywhere(shard, outcomes)
    assert outcomes[0].agreed.reports == (HALVES[0],)
    # The second half was not lost: it proves the agent a liar in the next epoch.
    outcomes = closed(shard)
    equal_everywhere(shard, outcomes)
    assert outcomes[0].agreed.late == {(0, 2): Equivocation.of(*HALVES)}
    assert outcomes[0].corrected == ((0, 2),)
    assert shard[0].admit(report(1, codes=[7])) is Admission.LATE_PROOF, "both halves came late"


def test_late_reports_and_proofs_that_come_while_closing_wait_for_the_next():
    one = replica_of(0, 1)
    one.admit(report(4))
    closed({0: one})
    closing = one.closing()
    assert one.admit(HALVES[0]) is Admission.OTHER_EPOCH
    assert one.admit(report(4, codes=[7])) is Admission.LATE_PROOF
    exchange({0: closing}, no_liars)
    assert one.close(closing.agreed()).agreed.late == {}
    assert one.offer().late == (HALVES[0],)
    assert set(closed({0: one})[0].agreed.late) == {(0, 4)}


@pytest.mark.parametrize("scope", ELSEWHERE.values(), ids=ELSEWHERE)
def test_reports_from_elsewhere_count_nowhere_and_name_nobody(scope):
    """Replayed by a stranger, in the open epoch or after its closing."""
    there = Admission.OTHER_SHARD if scope == ELSEWHERE["shard"] else Admission.OTHER_DEPLOYMENT
    shard = shard_of()
    for _ in range(2):
        for one in shard.values():
            one.admit(report(2, codes=[one.epoch], epoch=one.epoch))
            for epoch in (0, 1):
                assert one.admit(report(2, codes=[9], epoch=epoch, scope=scope)) is there
        outcomes = closed(shard)
        assert (outcomes[0].agreed.equivocations, outcomes[0].agreed.late) == ({}, {})
        assert len(outcomes[0].agreed.reports) == 1


def test_proofs_against_several_are_brought_in_order_and_counted():
    one = replica_of(0, 1)
    for agent in (4, 2):
        one.admit(report(agent))
    closed({0: one})
    for agent in (4, 2):
        assert one.admit(report(agent, codes=[5])) is Admission.LATE_PROOF
    assert one.collection.counts[Admission.LATE_PROOF] == 2
    assert [proof.agent for proof in one.offer().proofs] == [2, 4]
    assert one.offer().fault(roster(1)) is None
    assert closed({0: one})[0].corrected == ((0, 2), (0, 4))


def test_proofs_have_a_horizon():
    one = replica_of(0, 1)
    one.admit(report(2))
    other = report(2, codes=[5])
    for epoch in range(4):
        closed({0: one})
        if epoch == 2:
            assert one.admit_proof(Equivocation.of(report(2), other)) is Admission.LATE_PROOF
            one._proofs.clear()
    assert one.epoch == 4  # horizon 3: epochs 1 .. 3
    assert one.admit(other) is Admission.OTHER_EPOCH
    assert one.admit_proof(Equivocation.of(report(2), other)) is Admission.OTHER_EPOCH
    assert one.history.epochs == (1, 2, 3)


def test_proofs_that_prove_nothing():
    one = replica_of(0, 1)
    closed({0: one})
    forged = Equivocation.of(report(2), report(2, codes=[5], key=key_of("nobody")))
    assert one.admit_proof(forged) is Admission.BAD_SIGNATURE
    future = Equivocation.of(report(2, epoch=1), report(2, codes=[5], epoch=1))
    assert one.admit_proof(future) is Admission.OTHER_EPOCH
    assert one.offer().proofs == ()


def test_replays_of_a_closed_epoch_are_refused():
    one = replica_of(0, 1)
    one.admit(report(2))
    closed({0: one})
    before = bytes(one.state)
    assert one.admit(report(2)) is Admission.OTHER_EPOCH
    assert one.admit(report(3)) is Admission.OTHER_EPOCH  # too late, and nothing to prove
    closed({0: one})
    assert bytes(one.state) == before == bytes(LogSum.of([-65536]))


def test_a_payload_that_holds_no_codes_adds_nothing_and_stops_nobody():
    one = replica_of(0, 1)
    one.admit(AgentReport(HERE, 0, 0, 4, b"abc").signed(agent_key(4)))
    one.admit(report(1))
    outcome = closed({0: one})[0]
    assert outcome.malformed == (4,)
    assert len(outcome.agreed.reports) == 2
    assert bytes(one.state) == bytes(LogSum.of([-65536]))


def test_an_agreement_of_another_epoch():
    one = replica_of(0, 1)
    closing = one.closing()
    closing.start()
    closing.end_round()
    one.close(closing.agreed())
    with pytest.raises(BadInput, match=r"^epoch 0 cannot be closed, 1 is open$"):
        one.close(closing.agreed())


def test_a_replica_needs_its_own_key():
    with pytest.raises(BadInput, match=r"^the key is not that of replica 0 of the roster$"):
        Replica(roster(), 0, replica_key(1), LogSum())


def _without_reports(scope, epoch, _reports, *rest):
    return report_set_hash(scope, epoch, (), *rest)


def _without_what_is_kept(scope, epoch, reports, equivocators, corrected, _kept, named):
    return report_set_hash(scope, epoch, reports, equivocators, corrected, (), named)


def _arrival_order(_scope, _epoch, reports, *_rest):
    return sha256(b"".join(bytes(one) for one in reports)).digest()


@pytest.mark.parametrize("planted", [_without_reports, _without_what_is_kept, _arrival_order])
def test_a_replica_with_another_report_set_hash_is_named(planted):
    """A planted fault in one replica's code, where the state is the same."""
    shard = shard_of()
    for one in shard.values():
        one.admit(report(0))
    closings = {number: one.closing() for number, one in shard.items()}
    exchange(closings, no_liars)
    outcomes = {}
    for number, one in shard.items():
        agreed = closings[number].agreed()
        if number == 1:
            with patch.object(replica_module, "report_set_hash", planted):
                outcomes[number] = one.close(agreed)
        else:
            outcomes[number] = one.close(agreed)
    assert tally_of(shard, outcomes).named == {1: Doubt.OTHER_REPORTS}
