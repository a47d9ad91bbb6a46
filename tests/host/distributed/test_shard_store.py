"""The one rule for old, same, conflicting and new states of a shard."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.shard_store import ShardStore, Standing


@dataclass(frozen=True)
class State:
    order: tuple[int, int]
    digest: bytes = b"a"


@pytest.mark.parametrize(
    ("order", "digest", "standing"),
    [
        ((2, 5), b"b", Standing.NEW),
        ((3, 0), b"a", Standing.NEW),
        ((2, 4), b"a", Standing.SAME),
        ((2, 4), b"b", Standing.CONFLICT),
        ((2, 3), b"a", Standing.OLD),
        ((1, 9), b"b", Standing.OLD),
    ],
)
def test_a_state_against_the_one_held(order, digest, standing):
    store = ShardStore[State]()
    held, state = State((2, 4)), State(order, digest)
    assert store.join(7, held) is Standing.NEW and store.order(7) == (2, 4)
    assert store.standing(7, order, digest) is standing
    assert store.join(7, state) is standing
    assert store.held == {7: state if standing is Standing.NEW else held}


def test_the_first_state_of_a_shard_is_new_whatever_its_order():
    store = ShardStore[State]()
    assert store.order(1) == (0, 0)
    assert store.join(1, State((0, 0))) is Standing.NEW
    assert store.join(2, State((0, 0), b"b")) is Standing.NEW
    assert store.join(1, State((0, 0))) is Standing.SAME


states = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 3)), max_size=20)


def stored(arrivals) -> dict[int, State]:
    store = ShardStore[State]()
    for shard, incarnation, version in arrivals:
        store.join(shard, State((incarnation, version), bytes([incarnation, version])))
    return store.held


@given(states, st.data())
def test_the_join_is_commutative_associative_and_idempotent(arrivals, data):
    """Any order and repetition of the same states ends in the same store: the highest of each."""
    again = data.draw(st.permutations(arrivals + arrivals[: len(arrivals) // 2]))
    highest = {shard: max(one[1:] for one in arrivals if one[0] == shard) for shard, *_ in arrivals}
    assert stored(arrivals) == stored(again)
    assert {shard: state.order for shard, state in stored(arrivals).items()} == highest
