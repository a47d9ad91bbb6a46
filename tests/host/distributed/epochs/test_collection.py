"""What a replica takes in: each refusal by its name, and a set that no order changes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.epochs.collection import Admission, Collection
from consilience.distributed.epochs.equivocation import Equivocation, equivocations
from consilience.distributed.epochs.reports import AgentReport
from consilience.errors import BadInput
from tests.host.distributed.epochs.shard import (
    AGENTS,
    ELSEWHERE,
    HERE,
    agent_key,
    key_of,
    report,
    roster,
)

REFUSED = {
    Admission.OTHER_DEPLOYMENT: report(0, scope=ELSEWHERE["deployment"]),
    Admission.OTHER_SHARD: report(0, scope=ELSEWHERE["shard"]),
    Admission.OTHER_EPOCH: report(0, epoch=1),
    Admission.UNKNOWN_AGENT: report(99),
    Admission.SEQ_OUT_OF_RANGE: report(0, seq=4),
    Admission.BAD_SIGNATURE: report(0, key=key_of("another's")),
}


@pytest.mark.parametrize("reason", REFUSED, ids=lambda reason: reason.name)
def test_refusals(reason):
    collection = Collection(0, roster())
    assert collection.admit(REFUSED[reason]) is reason
    assert collection.reports() == ()
    assert collection.counts == {reason: 1}


def test_a_replay_has_no_effect():
    collection = Collection(0, roster())
    one = report(0)
    assert collection.admit(one) is Admission.ACCEPTED
    for _ in range(3):
        assert collection.admit(one) is Admission.DUPLICATE
    assert collection.reports() == (one,)


def test_the_last_seq_in_range():
    assert Collection(0, roster()).admit(report(0, seq=3)) is Admission.ACCEPTED


def test_codes_up_to_the_limit():
    limited = replace(roster(), codes_per_report=2)
    assert Collection(0, limited).admit(report(0, codes=[1, 2])) is Admission.ACCEPTED
    assert Collection(0, limited).admit(report(0, codes=[1, 2, 3])) is Admission.TOO_MANY_CODES
    torn = AgentReport(HERE, 0, 0, 0, bytes(9)).signed(agent_key(0))
    assert Collection(0, limited).admit(torn) is Admission.TOO_MANY_CODES


def test_a_report_moved_to_another_epoch_fails():
    moved = report(0, epoch=1)
    object.__setattr__(moved, "report", report(0, epoch=0).report)
    assert Collection(0, roster()).admit(moved) is Admission.BAD_SIGNATURE


def test_an_equivocator_is_named_and_nothing_of_it_grows():
    collection = Collection(0, roster())
    for seq in (0, 1):
        collection.admit(report(2, seq, [seq]))
    for code in range(50, 60):
        assert collection.admit(report(2, 1, [code])) is Admission.EQUIVOCATION
    assert collection.admit(report(2, 2)) is Admission.EQUIVOCATION
    assert {signed.report.seq for signed in collection.reports()} == {1}
    assert len(collection.reports()) == 2
    (proof,) = equivocations(collection.reports()).values()
    assert (proof.agent, proof.epoch) == (2, 0)
    assert proof.holds(roster())


offered = st.lists(
    st.builds(report, st.sampled_from(AGENTS), st.integers(0, 3), st.lists(st.integers(-2, 2))),
    max_size=12,
)


@given(offered, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing_but_which_proof(reports, choose):
    one, other = Collection(0, roster()), Collection(0, roster())
    for signed in reports:
        one.admit(signed)
    again = reports * 2
    choose.shuffle(again)
    for signed in again:
        other.admit(signed)
    liars = set(equivocations(reports))
    assert set(equivocations(one.reports())) == set(equivocations(other.reports())) == liars
    kept = [signed for signed in one.reports() if signed.report.agent not in liars]
    assert kept == [signed for signed in other.reports() if signed.report.agent not in liars]
    honest = {signed.order: signed for signed in reports if signed.report.agent not in liars}
    assert kept == [honest[order] for order in sorted(honest)]


@given(offered)
def test_who_is_named_by_brute_force(reports):
    liars = {
        a.report.agent
        for a in reports
        for b in reports
        if (a.report.agent, a.report.seq) == (b.report.agent, b.report.seq) and a.report != b.report
    }
    proofs = equivocations(reports)
    assert set(proofs) == liars
    for agent, proof in proofs.items():
        assert proof.agent == agent and proof.holds(roster())
        assert {proof.first, proof.second} <= set(reports)


def test_two_signatures_of_one_message_are_one_report():
    """Who holds a key can sign once more with another nonce; the message is the same."""
    one = report(0)
    other = type(one)(one.report, report(0, key=key_of("x")).signature)
    assert equivocations([one, other]) == {}
    collection = Collection(0, roster())
    collection.admit(one)
    assert collection.admit(other) is Admission.DUPLICATE


@pytest.mark.parametrize(
    "other",
    [
        report(0),
        report(1, codes=[7]),
        report(0, 1, [7]),
        report(0, codes=[7], epoch=1),
        report(0, codes=[7], scope=ELSEWHERE["shard"]),
        report(0, codes=[7], scope=ELSEWHERE["deployment"]),
    ],
    ids=[
        "the same",
        "another agent",
        "another seq",
        "another epoch",
        "another shard",
        "another deployment",
    ],
)
def test_what_is_no_proof(other):
    with pytest.raises(BadInput, match="a proof is two reports of one shard, agent, epoch"):
        Equivocation.of(report(0), other)


def test_nobody_else_can_make_a_proof():
    forged = Equivocation.of(report(0), report(0, codes=[7], key=agent_key(1)))
    assert not forged.holds(roster())
    stranger = Equivocation.of(report(99), report(99, codes=[7]))
    assert not stranger.holds(roster())


@pytest.mark.parametrize("scope", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_was_signed_for_elsewhere_proves_nothing_here(scope):
    """The same keys, another shard or deployment: two reports there are nothing to this one."""
    there = Equivocation.of(report(0, scope=scope), report(0, codes=[7], scope=scope))
    assert not there.holds(roster())
    assert there.holds(replace(roster(), deployment=scope.deployment, shard=scope.shard))
