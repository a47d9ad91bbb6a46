"""The point estimate and its bound, by brute force: change what can have changed, in every way."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.distributed.staleness.estimate import Estimate
from consilience_hw.spec.number_formats import Decision
from consilience_sim import golden
from consilience_sim.golden import ShardReading

CLIP = 6
POLICY = 100, 200, 1_500


def estimate(readings, policy, clip, prior=0):
    """What the golden model says, as the product's record, whose decision is judged as well."""
    unseen = sum(one.unseen for one in readings)
    return Estimate(*golden.stale_estimate(readings, policy, clip, prior), unseen)


agents = st.lists(st.integers(-CLIP, CLIP) | st.sampled_from([-CLIP, CLIP]), max_size=4)


@st.composite
def shards(draw):
    """(reading, what each agent said before): a shard of at most four agents."""
    number, held = draw(st.integers(0, 1 << 32)), draw(agents)
    silent = draw(st.integers(0, 2))
    rate = draw(st.integers(0, 9))
    if draw(st.booleans()):
        return ShardReading(number, len(held) + silent, rate, None), [0] * (len(held) + silent)
    age = draw(st.integers(0, 2_000))
    reading = ShardReading(number, len(held) + silent, rate, age, sum(held))
    return reading, held + [0] * silent


def sums_of_this_moment(reading, held):
    """All that the shard's sum can be now: any unseen agents, any values (the ends suffice)."""
    sums = set()
    for changed in combinations(range(len(held)), reading.unseen):
        for values in product((-CLIP, 0, CLIP), repeat=len(changed)):
            now = list(held)
            for place, value in zip(changed, values, strict=True):
                now[place] = value
            sums.add(sum(now))
    return {min(sums), max(sums)}


several = st.lists(shards(), min_size=1, max_size=3, unique_by=lambda one: one[0].shard)


@settings(max_examples=300)
@given(several, st.integers(-30, 30))
def test_the_truth_of_this_moment_is_within_the_bound(held, prior):
    readings = [reading for reading, _ in held]
    found = estimate(readings, POLICY, CLIP, prior)
    for sums in product(*(sums_of_this_moment(*one) for one in held)):
        truth = (prior + sum(sums)) * 65536
        assert abs(truth - found.point) <= found.bound
        assert abs(truth - found.point) <= found.bound_ulp * 65536


@settings(max_examples=300)
@given(several, st.integers(-30, 30), st.integers(-60, 60))
def test_a_decision_is_that_of_all_evidence_of_this_moment(held, prior, threshold):
    found = estimate([reading for reading, _ in held], POLICY, CLIP, prior)
    decision = found.decision(threshold)
    for sums in product(*(sums_of_this_moment(*one) for one in held)):
        truth = prior + sum(sums)
        assert decision is not Decision.ABOVE or truth > threshold
        assert decision is not Decision.BELOW or truth < threshold


@given(several, st.integers(-30, 30))
def test_by_the_formula(held, prior):
    readings = [reading for reading, _ in held]
    found = estimate(readings, POLICY, CLIP, prior)
    weights = tuple(
        0 if one.age_ms is None else golden.age_weight(one.age_ms, 100, 200, 1_500)
        for one in readings
    )
    assert found.weights == weights
    pairs = list(zip(weights, readings, strict=True))
    assert found.point == prior * 65536 + sum(w * one.evidence for w, one in pairs)
    agents = sum(one.enrolled for one in readings)
    weighted = sum(w * one.enrolled for w, one in pairs)
    assert found.effective_weight == (weighted // agents if agents else 0)
    assert found.bound_ulp - 1 < found.bound / 65536 <= found.bound_ulp


def test_the_bound_is_met():
    """One agent of two turned from the one end to the other: no smaller bound would do."""
    fresh = ShardReading(0, 2, 1, 100, 2 * CLIP)
    found = estimate([fresh], POLICY, CLIP)
    assert (found.point, found.bound) == (2 * CLIP << 16, 2 * CLIP << 16)
    assert found.point - found.bound == 0 << 16
    old = ShardReading(0, 2, 0, 300, 2 * CLIP)
    found = estimate([old], POLICY, CLIP)
    assert (found.point, found.bound) == (CLIP << 16, CLIP << 16)
    assert (found.bound_ulp, found.effective_weight) == (CLIP, 32768)


HELD = [(ShardReading(0, 3, 5, 400, 3 * CLIP), [CLIP] * 3), (ShardReading(1, 2, 0, None), [0] * 2)]


def without_discount(reading, weight, clip):
    return 65536 * 2 * clip * reading.unseen


def half_the_change(reading, weight, clip):
    return (65536 - weight) * abs(reading.evidence) + 65536 * clip * reading.unseen


def only_heard(reading, weight, clip):
    unseen = 0 if reading.age_ms is None else reading.unseen
    return (65536 - weight) * abs(reading.evidence) + 65536 * 2 * clip * unseen


@pytest.mark.parametrize("planted", [without_discount, half_the_change, only_heard])
def test_a_smaller_bound_is_broken(planted):
    """Each term of the bound is needed, by truths that the brute force finds."""
    truths_and_bounds = []
    for held in (HELD, HELD[1:], [(ShardReading(0, 3, 1, 100, 3 * CLIP), [CLIP] * 3)]):
        held = [*held, (ShardReading(9, 2, 0, 700, -2 * CLIP), [-CLIP] * 2)][: len(held) + 1]
        found = estimate([one for one, _ in held], POLICY, CLIP)
        pairs = zip(found.weights, (one for one, _ in held), strict=True)
        bound = sum(planted(one, weight, CLIP) for weight, one in pairs)
        for sums in product(*(sums_of_this_moment(*one) for one in held)):
            truths_and_bounds.append((abs(sum(sums) * 65536 - found.point), bound, found.bound))
    assert all(error <= bound for error, _, bound in truths_and_bounds)
    assert any(error > bound for error, bound, _ in truths_and_bounds)


@given(several)
def test_healing_restores_every_bit(held):
    """The state held is not touched: the same evidence at age 0 counts in full."""
    heard = [one for one, _ in held if one.age_ms is not None]
    healed = [
        ShardReading(one.shard, one.enrolled, one.changes_per_s, 0, one.evidence) for one in heard
    ]
    if healed:
        found = estimate(healed, POLICY, CLIP)
        assert set(found.weights) == {65536}
        assert found.point == sum(one.evidence for one in heard) << 16
        assert found.bound == 0
        enrolled = any(one.enrolled for one in heard)
        assert found.effective_weight == (65536 if enrolled else 0)


@pytest.mark.parametrize(
    ("readings", "clip", "message"),
    [
        ([], 1, "an estimate needs a reading of every shard; there is none"),
        ([ShardReading(1, 1, 1, 1)] * 2, 1, "two readings of one shard; take the newest"),
        ([ShardReading(1, 1, 1, 1)], 0, "clip must be at least 1 ulp, not 0"),
        (
            [ShardReading(1, 2, 1, 1, -13)],
            6,
            "evidence -13 of shard 1: 2 agents clipped at 6 ulp have less; .*",
        ),
    ],
)
def test_refused(readings, clip, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        estimate(readings, POLICY, clip)


def test_ages_of_any_size():
    found = estimate([ShardReading(0, 1, 0, 1 << 90, 5)], (0, 1, 1 << 31), 5)
    assert found == Estimate(0, 5 << 16, (0,), 0, 0)
