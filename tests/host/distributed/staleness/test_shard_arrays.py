"""`ShardArrays` gives the integers of the golden model, which brute force has judged."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.shard_arrays import NEVER, ShardArrays
from consilience.errors import BadInput
from consilience_sim import golden
from consilience_sim.golden import ShardReading

POLICY = 100, 700, 9_000
DISCOUNT = Discount(*POLICY)
AGES = st.one_of(st.none(), st.integers(0, 12_000), st.integers(0, (1 << 63) - 1))


@given(
    st.lists(st.tuples(st.integers(0, 900), AGES, st.floats(-1, 1)), min_size=1, max_size=9),
    st.integers(1, 10_000) | st.integers(1, 1 << 61),
    st.integers(1, 1 << 31),
    st.integers(-(1 << 40), 1 << 40),
)
def test_the_same_integers_as_one_by_one(shards, rate, clip, prior):
    readings = [
        ShardReading(
            number, enrolled, rate, age, 0 if age is None else int(enrolled * clip * part * 0.999)
        )
        for number, (enrolled, age, part) in enumerate(shards)
    ]
    arrays = ShardArrays([one.enrolled for one in readings], rate, DISCOUNT, clip, prior)
    ages = np.array([NEVER if one.age_ms is None else one.age_ms for one in readings])
    evidence = np.array([one.evidence for one in readings])
    *found, unseen = astuple(arrays.estimate(ages, evidence))
    assert tuple(found) == golden.stale_estimate(readings, POLICY, clip, prior)
    assert unseen == sum(one.unseen for one in readings)


@pytest.mark.parametrize(
    ("enrolled", "rate", "clip", "message"),
    [
        ([], 1, 1, "at least one shard"),
        ([3, -1], 1, 1, "0 or more"),
        ([3], 0, 1, "at least 1"),
        ([3], 1, 0, "at least 1"),
        ([1 << 32], 1, 1 << 31, "more than 64 bits"),
        ([1], 1 << 62, 1, "more than 64 bits"),
    ],
)
def test_refused(enrolled, rate, clip, message):
    with pytest.raises(BadInput, match=message):
        ShardArrays(enrolled, rate, DISCOUNT, clip)


def test_the_largest_there_may_be():
    """2**62 is what 4 c 2**16 times all reporters must stay below."""
    for enrolled, rate in (([8191], 1), ([4096, 4095], (1 << 62) - 1)):
        assert ShardArrays(enrolled, rate, DISCOUNT, 1 << 31).clip == 1 << 31
    with pytest.raises(BadInput, match="more than 64 bits"):
        ShardArrays([8192], 1, DISCOUNT, 1 << 31)


def test_shards_without_reporters_and_no_prior():
    arrays = ShardArrays([0], 1, DISCOUNT, 10)
    assert astuple(arrays.estimate(np.array([5]), np.array([0]))) == (0, 0, (65536,), 0, 0)


def test_evidence_that_no_reporters_have_is_refused():
    arrays = ShardArrays([2, 3], 1, DISCOUNT, 10)
    for ages, evidence in (([5, 5], [21, 0]), ([5, NEVER], [20, 1])):
        with pytest.raises(BadInput, match="cannot sum to"):
            arrays.estimate(np.array(ages), np.array(evidence))
