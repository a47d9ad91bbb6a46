"""Who said what: nothing that is signed for one place, kind or member is of another."""

import pytest

from consilience.distributed.epochs.deployment_file import draw_deployment
from consilience.distributed.epochs.key_files import write_key_pair
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import Domain
from consilience.distributed.members.alive import MOST_NONCES, Alive, Nonces
from consilience.distributed.members.plane_roster import PlaneRoster
from consilience.distributed.members.refused import Reason, Refused
from consilience.distributed.members.seal import SEAL_BYTES, Seal
from consilience.errors import BadInput
from tests.host.distributed.members.members import key_of, roster_of

ROSTER = roster_of(3, [7])
SEAL = Seal(Domain.STATE, ROSTER, ROSTER.nodes, 2, key_of("node-2"))


def why(data, seal=SEAL):
    with pytest.raises(Refused) as refused:
        seal.opened(data)
    return refused.value.reason


def test_a_member_is_heard_and_every_flipped_bit_is_a_strangers():
    data = SEAL.sealed(b"what it says")
    assert SEAL.opened(data) == (2, b"what it says")
    assert len(data) == SEAL_BYTES + len(b"what it says") == SEAL.overhead + 12
    assert SEAL.opened(SEAL.sealed(b"")) == (2, b"")
    reasons = set()
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        reasons.add(why(bytes(damaged)))
    assert reasons == {Reason.STRANGER, Reason.OTHER_DEPLOYMENT}
    for size in range(len(data)):
        assert why(data[:size]) is Reason.STRANGER
    assert why(data + b"\0") is Reason.STRANGER


def test_it_counts_in_its_own_place_alone():
    data = SEAL.sealed(b"said")
    assert why(data, Seal(Domain.ALIVE, ROSTER, ROSTER.nodes)) is Reason.STRANGER
    assert why(data, Seal(Domain.STATE, ROSTER, ROSTER.producers)) is Reason.STRANGER
    elsewhere = roster_of(3, deployment=bytes(16))
    assert why(data, Seal(Domain.STATE, elsewhere, elsewhere.nodes)) is Reason.OTHER_DEPLOYMENT
    larger = roster_of(4)
    assert why(data, Seal(Domain.STATE, larger, larger.nodes)) is Reason.OTHER_ROSTER
    strange = roster_of(3, salt="other ")
    assert why(data, Seal(Domain.STATE, strange, strange.nodes)) is Reason.STRANGER
    # A producer more or less changes nothing for the nodes.
    assert Seal(Domain.STATE, roster_of(3), ROSTER.nodes).opened(data) == (2, b"said")


def test_keys_that_are_not_the_members():
    with pytest.raises(BadInput, match="not that of member 1"):
        Seal(Domain.STATE, ROSTER, ROSTER.nodes, 1, key_of("node-2"))
    with pytest.raises(BadInput, match="has none"):
        Seal(Domain.STATE, ROSTER, ROSTER.nodes).sealed(b"")


def test_the_roster_of_a_folder(tmp_path):
    folder = tmp_path / "keys"
    for name in ("node-1", "node-3", "producer-7", "agent-1", "replica-0"):
        write_key_pair(folder, name, key_of(name))
    deployment, _ = draw_deployment(folder)
    with pytest.raises(BadInput, match=r"has the nodes 1, 3; .* node-1 .. node-N, without a gap"):
        PlaneRoster.read(folder)
    write_key_pair(folder, "node-2", key_of("node-2"))
    read = PlaneRoster.read(folder)
    assert read == roster_of(3, [7], deployment) and read.shards == 3
    assert set(Roster.read(folder, 0).agents) == {1}  # members of another kind are not its matter
    for deployments, nodes, reason in [
        (b"short", ROSTER.nodes, "16 bytes"),
        (deployment, {}, "the nodes none"),
        (deployment, {1: b"short"}, "32 bytes"),
        (deployment, {1: ROSTER.nodes[1], 2: ROSTER.nodes[1]}, "two members of a roster"),
    ]:
        with pytest.raises(BadInput, match=reason):
            PlaneRoster(deployments, nodes)
    with pytest.raises(BadInput, match="two members of a roster"):
        PlaneRoster(deployment, {1: ROSTER.nodes[1]}, {1: ROSTER.nodes[1]})
    assert len({roster_of(3).hash, roster_of(4).hash, roster_of(3, salt="x").hash}) == 3


def test_signs_of_life_have_one_form():
    said = Alive(9, 2, 1 << 63, bytes(32), (b"a" * 16, b"b" * 16))
    assert Alive.from_bytes(bytes(said)) == said
    for size in range(len(bytes(said))):
        with pytest.raises(BadInput):
            Alive.from_bytes(bytes(said)[:size])
    with pytest.raises(BadInput, match="too many"):
        Alive.from_bytes(bytes(said) + b"\0")
    with pytest.raises(BadInput, match="not an u64"):
        Alive(9, -1, 0, bytes(32), ())


def test_a_flood_of_calls_does_not_drown_one():
    nonces, survived = Nonces(), 0
    assert not nonces.hear(b"short") and nonces.take() == ()
    for _ in range(200):
        nonces.hear(b"mine".ljust(16))
        for number in range(2 * MOST_NONCES - 1):
            nonces.hear(number.to_bytes(16, "big"))
        taken = nonces.take()
        assert len(taken) == MOST_NONCES
        survived += b"mine".ljust(16) in taken
    assert 60 < survived < 140  # half of them; 6 standard deviations
