"""Whatever a network does to states short of forging them, the total is the exact one."""

import random as randomness
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.state_message import OVERHEAD, StateMessage
from consilience.distributed.totals import shard_collector
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_collector import ShardCollector

NAMES = ("benign", "hijacked")
SHARDS = 3


def rows(shard, version):
    random = np.random.default_rng([shard, version])
    agents = [int(agent) for agent in random.integers(0, 20, 10) * SHARDS + shard]
    return agents, random.integers(-(2**31), 2**31, (10, 2), dtype=np.int64).astype(np.int32)


def history(shard, versions, incarnation=1, epoch=0):
    """All messages of a shard: its state grows by ten rows a version."""
    state = EvidenceSums(NAMES)
    for version in range(1, versions + 1):
        state.add(*rows(shard, version))
        last = version == versions
        yield StateMessage(epoch, shard, SHARDS, incarnation, version, last, False, bytes(state))


MESSAGES = [list(history(shard, 4)) for shard in range(1, SHARDS + 1)]
WHOLE = EvidenceSums(NAMES)
for _shard in range(1, SHARDS + 1):
    for _version in range(1, 5):
        WHOLE.add(*rows(_shard, _version))


@given(st.integers(0, 2**32), st.integers(OVERHEAD + 1, OVERHEAD + 900), st.floats(0, 1))
def test_loss_repetition_and_order_do_no_harm(seed, payload, loss):
    random = randomness.Random(seed)
    pieces = [
        piece for messages in MESSAGES for message in messages for piece in message.pieces(payload)
    ]
    arrivals = [piece for piece in pieces * 2 if random.random() >= loss]
    random.shuffle(arrivals)
    collector = ShardCollector()
    seen = {}
    for piece in arrivals:
        taken = collector.receive(piece)
        if taken:
            assert taken.order > seen.get(taken.shard, (0, 0))
            seen[taken.shard] = taken.order
    # Once the last states have come, in any order, nothing that was lost is missing.
    last = [piece for messages in MESSAGES for piece in messages[-1].pieces(payload)]
    random.shuffle(last)
    for piece in last:
        collector.receive(piece)
    assert collector.complete
    assert collector.total().digest == WHOLE.digest
    assert not collector.counts["damaged"] and not collector.counts["conflict"]


def test_a_new_incarnation_replaces_any_version():
    collector = ShardCollector()
    for message in MESSAGES[0]:
        collector.receive(message.pieces(1 << 20)[0])
    again = next(history(1, 1, incarnation=2))
    assert collector.receive(again.pieces(1 << 20)[0]) == again
    assert collector.receive(MESSAGES[0][-1].pieces(1 << 20)[0]) is None
    assert collector.counts["old"] == 1
    assert collector.held[1].message == again


def test_a_piece_older_than_what_arrives_is_old():
    collector = ShardCollector()
    newer, older = (MESSAGES[0][version].pieces(OVERHEAD + 50) for version in (3, 1))
    for piece in (newer[0], older[0], *newer[1:]):
        collector.receive(piece)
    assert collector.held[1].message == MESSAGES[0][3]
    assert collector.counts["old"] == 1


@pytest.mark.parametrize("payload", [OVERHEAD + 50, 1 << 20])
def test_every_flipped_bit_is_found(payload):
    pieces = MESSAGES[0][0].pieces(payload)
    for number, piece in enumerate(pieces[:2]):
        for bit in range(0, 8 * len(piece), 5):
            damaged = bytearray(piece)
            damaged[bit // 8] ^= 1 << bit % 8
            collector = ShardCollector()
            for other, good in enumerate(pieces):
                collector.receive(bytes(damaged) if other == number else good)
            assert not collector.held
            collector.receive(piece)
            assert collector.held[1].message == MESSAGES[0][0]


def test_pieces_of_two_states_of_one_version_were_joined_to_one():
    """Which no CRC and no version tells apart: the digest does, and the later one is held."""
    one, other = (
        StateMessage(0, 1, 1, 1, 1, True, False, bytes(EvidenceSums(NAMES).add(*rows(seed, 1))))
        for seed in (1, 2)
    )
    first, second = (message.pieces(OVERHEAD + 200) for message in (one, other))
    assert len(first) == len(second) > 2
    collector = ShardCollector()
    for piece in (first[0], *second[1:], second[0]):
        collector.receive(piece)
    assert collector.held[1].message == other
    assert not collector.counts["damaged"]


def test_whole_pieces_of_a_state_that_is_not_their_digests_are_damaged():
    """Each piece has its right CRC: cut together by a fault, or by who may publish."""
    one, other = MESSAGES[0][0], MESSAGES[0][1]
    (piece,) = one.pieces(1 << 20)
    head = piece[:-4].removesuffix(one.state)
    forged = head + other.state
    collector = ShardCollector()
    assert collector.receive(forged + struct.pack("<I", zlib.crc32(forged))) is None
    assert collector.counts["damaged"] == 1 and not collector.held


def test_other_epochs_divisions_and_conflicts_are_counted():
    collector = ShardCollector(shards=SHARDS)
    message = MESSAGES[0][0]
    assert collector.receive(message.pieces(1 << 20)[0])
    other_epoch = next(history(2, 1, epoch=1))
    assert collector.receive(other_epoch.pieces(1 << 20)[0]) is None
    division = StateMessage(0, 2, SHARDS + 1, 1, 1, False, False, message.state)
    assert collector.receive(division.pieces(1 << 20)[0]) is None
    conflict = StateMessage(0, 1, SHARDS, 1, 1, False, False, bytes(EvidenceSums(NAMES)))
    assert collector.receive(conflict.pieces(1 << 20)[0]) is None
    none = StateMessage(0, 0, SHARDS, 1, 1, False, False, message.state)
    assert collector.receive(none.pieces(1 << 20)[0]) is None
    assert collector.receive(b"noise") is None
    assert collector.receive(b"CNPM\1 who says so?") is None
    assert collector.counts["signed"] == 1
    wanted = ("other epoch", "other division", "conflict", "damaged")
    assert [collector.counts[name] for name in wanted] == [1, 2, 1, 1]
    assert collector.held[1].message == message and not collector.complete


def one_piece(shard, state, *, shards=SHARDS, incarnation=1, version=1):
    message = StateMessage(0, shard, shards, incarnation, version, False, False, bytes(state))
    (piece,) = message.pieces(1 << 20)
    return piece


CODES = np.zeros((1, 2), np.int32)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (EvidenceSums(NAMES[::-1]).add([5], CODES), "the same in another order"),
        (EvidenceSums(("benign", "broken")).add([5], CODES), "its hypotheses are benign, broken"),
        (EvidenceSums(NAMES).add(["five"], CODES), "its agent ids are string, here int64"),
    ],
)
def test_a_shard_that_cannot_be_merged_is_refused_with_the_reason(state, reason):
    """One of text beside one of numbers ended every reader; others were absent in silence."""
    collector = ShardCollector()
    assert collector.receive(one_piece(1, EvidenceSums(NAMES).add([-1], CODES)))
    assert collector.receive(one_piece(2, state)) is None
    assert reason in collector.doubts[2] and "shard 1" in collector.doubts[2]
    assert len(collector.total()) == 1 and collector.counts["other evidence"] == 1
    assert collector.receive(one_piece(2, EvidenceSums(NAMES).add([5], CODES), version=2))
    assert not collector.doubts and len(collector.total()) == 2


def test_two_nodes_of_one_shard_and_other_divisions_are_told():
    collector = ShardCollector()
    collector.receive(one_piece(1, EvidenceSums(NAMES).add([1], CODES)))
    collector.receive(one_piece(1, EvidenceSums(NAMES).add([2], CODES)))
    assert "two nodes" in collector.doubts[1]
    collector.receive(one_piece(2, EvidenceSums(NAMES), shards=4))
    assert collector.doubts[2] == "it is shard 2 of 4, here of 3"
    collector.receive(one_piece(3, b"no state"))
    assert "no sums of evidence" in collector.doubts[3]


def test_a_state_that_is_said_again_is_heard():
    """Times grew alike for a node that had nothing new and for one that was dead."""
    now = [0.0]
    collector = ShardCollector(clock=lambda: now[0])
    piece = one_piece(1, EvidenceSums(NAMES).add([1], CODES))
    collector.receive(piece)
    now[0] = 7.0
    collector.receive(piece)
    assert (collector.held[1].received, collector.heard[1]) == (0.0, 7.0)


def test_forged_shards_and_pieces_are_bounded(monkeypatch):
    monkeypatch.setattr(shard_collector, "_MOST_BYTES", 1_000)
    collector = ShardCollector()
    for shard in (0, 1 << 12 | 1, (1 << 32) - 1):
        collector.receive(one_piece(shard, EvidenceSums(NAMES), shards=1))
    assert collector.counts["other division"] == 3 and not collector.doubts
    for shard in range(1, 50):
        message = StateMessage(0, shard, SHARDS, 1, 1, False, False, bytes(500))
        collector.receive(message.pieces(OVERHEAD + 300)[0])
    assert collector.counts["dropped"] == 46  # three parts of 300 bytes are within 1,000
    *first, last = MESSAGES[0][-1].pieces(OVERHEAD + 300)
    assert not any(map(collector.receive, first)) and collector.receive(last)
