"""What can have changed unseen: the limiter and the bound, held against each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.staleness.change_rate import ChangeLimiter
from consilience.errors import BadInput
from consilience_sim.golden import ShardReading

MS = 1_000_000
"""Nanoseconds."""


@given(
    st.integers(1, 5_000),
    st.lists(st.integers(0, 30 * MS), min_size=1, max_size=60),
    st.integers(0, 60),
    st.data(),
)
def test_no_more_changes_than_the_bound_in_any_window(rate, pauses, age_ms, data):
    """A frame asks again and again; what was let in after a state was made is what it lacks."""
    limiter = ChangeLimiter(rate)
    now, changes = 0, []
    for pause in pauses:
        now += pause
        if limiter.allows(now):
            changes.append(now)
    made = data.draw(st.sampled_from(changes) | st.integers(0, now))
    unseen = [at for at in changes if made < at <= made + age_ms * MS]
    assert len(unseen) <= ShardReading(0, 1 << 40, rate, age_ms).unseen


@pytest.mark.parametrize("rate", [1, 3, 7, 1000, 999_999_937])
def test_the_bound_is_met_by_who_asks_all_the_time(rate):
    limiter = ChangeLimiter(rate)
    distance = -(-1_000_000_000 // rate)
    assert limiter.allows(5)
    assert not limiter.allows(5 + distance - 1)
    assert limiter.allows(5 + distance)
    # A state made at 5 lacks the change at 5 + distance as soon as that much time has passed.
    age_ms = -(-distance // MS)
    assert ShardReading(0, 10**12, rate, age_ms).unseen >= 1
    assert ShardReading(0, 10**12, rate, 0).unseen == 0


def test_a_bucket_of_two_tokens_breaks_the_bound():
    """Why idle time earns nothing: a planted fault."""
    changes = [0, 1]  # one saved up, one due
    age_ms = 1
    assert len(changes) > ShardReading(0, 10, 1, age_ms).unseen


@pytest.mark.parametrize(
    ("enrolled", "rate", "age_ms", "unseen"),
    [
        (100, 10, None, 100),
        (100, 10, 0, 0),
        (100, 10, 1, 1),
        (100, 10, 100, 1),
        (100, 10, 101, 2),
        (100, 10, 9_901, 100),
        (100, 10, 1 << 70, 100),
        (100, 0, 1 << 70, 0),
        (0, 10, None, 0),
    ],
)
def test_unseen(enrolled, rate, age_ms, unseen):
    assert ShardReading(0, enrolled, rate, age_ms).unseen == unseen


@pytest.mark.parametrize("fields", [(3, -1, 1, 1), (3, 1, -1, 1), (3, 1, 1, -1)])
def test_negative(fields):
    with pytest.raises(ValueError, match=r"of shard 3 is -1; it cannot be negative$"):
        ShardReading(*fields)


def test_evidence_needs_an_age():
    with pytest.raises(
        ValueError, match=r"^evidence of shard 3 without an age; say how old it is$"
    ):
        ShardReading(3, 1, 1, None, 5)


def test_a_limiter_that_lets_nothing():
    with pytest.raises(BadInput, match=r"^changes_per_s must be at least 1, not 0$"):
        ChangeLimiter(0)


def test_how_long_until_the_next_change():
    limiter = ChangeLimiter(3)
    assert limiter.wait_ns(7) == 0
    assert limiter.allows(7)
    wait = limiter.wait_ns(7)
    assert wait == 333_333_334
    assert not limiter.allows(7 + wait - 1) and limiter.wait_ns(7 + wait - 1) == 1
    assert limiter.wait_ns(7 + wait) == limiter.wait_ns(7 + 3 * wait) == 0
    assert limiter.allows(7 + wait)
