"""What a replica takes in: each refusal by its name, and a set that no order changes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.epochs.collection import Admission, Collection
from consilience.distributed.epochs.equivocation import Equivocation, equivocations
from consilience.distributed.epochs.frames import Frame
from consilience.errors import BadInput
from tests.host.distributed.epochs.shard import AGENTS, agent_key, frame, key_of, roster

REFUSED = {
    Admission.OTHER_EPOCH: frame(0, epoch=1),
    Admission.UNKNOWN_AGENT: frame(99),
    Admission.SEQ_OUT_OF_RANGE: frame(0, seq=4),
    Admission.BAD_SIGNATURE: frame(0, key=key_of("another's")),
}


@pytest.mark.parametrize("reason", REFUSED, ids=lambda reason: reason.name)
def test_refusals(reason):
    collection = Collection(0, roster())
    assert collection.admit(REFUSED[reason]) is reason
    assert collection.frames() == ()
    assert collection.counts == {reason: 1}


def test_a_replay_has_no_effect():
    collection = Collection(0, roster())
    one = frame(0)
    assert collection.admit(one) is Admission.ACCEPTED
    for _ in range(3):
        assert collection.admit(one) is Admission.DUPLICATE
    assert collection.frames() == (one,)


def test_the_last_seq_in_range():
    assert Collection(0, roster()).admit(frame(0, seq=3)) is Admission.ACCEPTED


def test_codes_up_to_the_limit():
    limited = replace(roster(), codes_per_frame=2)
    assert Collection(0, limited).admit(frame(0, codes=[1, 2])) is Admission.ACCEPTED
    assert Collection(0, limited).admit(frame(0, codes=[1, 2, 3])) is Admission.TOO_MANY_CODES
    torn = Frame(0, 0, 0, bytes(9)).signed(agent_key(0))
    assert Collection(0, limited).admit(torn) is Admission.TOO_MANY_CODES


def test_a_frame_moved_to_another_epoch_fails():
    moved = frame(0, epoch=1)
    object.__setattr__(moved, "frame", frame(0, epoch=0).frame)
    assert Collection(0, roster()).admit(moved) is Admission.BAD_SIGNATURE


def test_an_equivocator_is_named_and_nothing_of_it_grows():
    collection = Collection(0, roster())
    for seq in (0, 1):
        collection.admit(frame(2, seq, [seq]))
    for code in range(50, 60):
        assert collection.admit(frame(2, 1, [code])) is Admission.EQUIVOCATION
    assert collection.admit(frame(2, 2)) is Admission.EQUIVOCATION
    assert {signed.frame.seq for signed in collection.frames()} == {1}
    assert len(collection.frames()) == 2
    (proof,) = equivocations(collection.frames()).values()
    assert (proof.agent, proof.epoch) == (2, 0)
    assert proof.holds(roster())


offered = st.lists(
    st.builds(frame, st.sampled_from(AGENTS), st.integers(0, 3), st.lists(st.integers(-2, 2))),
    max_size=12,
)


@given(offered, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing_but_which_proof(frames, choose):
    one, other = Collection(0, roster()), Collection(0, roster())
    for signed in frames:
        one.admit(signed)
    again = frames * 2
    choose.shuffle(again)
    for signed in again:
        other.admit(signed)
    liars = set(equivocations(frames))
    assert set(equivocations(one.frames())) == set(equivocations(other.frames())) == liars
    kept = [signed for signed in one.frames() if signed.frame.agent not in liars]
    assert kept == [signed for signed in other.frames() if signed.frame.agent not in liars]
    honest = {signed.order: signed for signed in frames if signed.frame.agent not in liars}
    assert kept == [honest[order] for order in sorted(honest)]


@given(offered)
def test_who_is_named_by_brute_force(frames):
    liars = {
        a.frame.agent
        for a in frames
        for b in frames
        if (a.frame.agent, a.frame.seq) == (b.frame.agent, b.frame.seq) and a.frame != b.frame
    }
    proofs = equivocations(frames)
    assert set(proofs) == liars
    for agent, proof in proofs.items():
        assert proof.agent == agent and proof.holds(roster())
        assert {proof.first, proof.second} <= set(frames)


def test_two_signatures_of_one_message_are_one_frame():
    """Who holds a key can sign once more with another nonce; the message is the same."""
    one = frame(0)
    other = type(one)(one.frame, frame(0, key=key_of("x")).signature)
    assert equivocations([one, other]) == {}
    collection = Collection(0, roster())
    collection.admit(one)
    assert collection.admit(other) is Admission.DUPLICATE


@pytest.mark.parametrize(
    "other",
    [frame(0), frame(1, codes=[7]), frame(0, 1, [7]), frame(0, codes=[7], epoch=1)],
    ids=["the same", "another agent", "another seq", "another epoch"],
)
def test_what_is_no_proof(other):
    with pytest.raises(BadInput, match="a proof is two frames of one agent, epoch and seq"):
        Equivocation.of(frame(0), other)


def test_nobody_else_can_make_a_proof():
    forged = Equivocation.of(frame(0), frame(0, codes=[7], key=agent_key(1)))
    assert not forged.holds(roster())
    stranger = Equivocation.of(frame(99), frame(99, codes=[7]))
    assert not stranger.holds(roster())
