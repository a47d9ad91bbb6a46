"""The certified interval of old evidence, by brute force over liars and over unseen changes."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.distributed.staleness.interval import CertifiedInterval
from consilience.errors import BadInput
from consilience.robust.decision import decide
from consilience_hw.spec.number_formats import CLIP_BIN, Decision
from consilience_sim.golden import ShardReading, unseen_agents

C = CLIP_BIN
value = st.sampled_from([-C, C, 0, 1, -1]) | st.integers(-C, C)


def interval_of(values, faulty, unit=1):
    """Least and largest sum without some of at most f values, by trying all."""
    sums = [
        sum(values) - sum(left_out)
        for size in range(faulty + 1)
        for left_out in combinations(values, size)
    ]
    return CertifiedInterval(min(sums), max(sums), unit)


@st.composite
def moments(draw):
    """(readings, values held by shard, values of this moment by shard, f)."""
    readings, before, now = [], [], []
    for shard in range(draw(st.integers(1, 3))):
        held = draw(st.lists(value, min_size=1, max_size=3))
        age = draw(st.sampled_from([None, 0, 500, 1_000, 2_000]))
        if age is None:
            held = [None] * len(held)
        reading = ShardReading(shard, len(held), 1, age, 0)
        current = list(held)
        if reading.unseen:
            places = st.lists(st.integers(0, len(held) - 1), max_size=reading.unseen, unique=True)
            for place in draw(places):
                current[place] = draw(value | st.none())
        readings.append(reading)
        before.append(held)
        now.append(current)
    count = sum(map(len, before))
    return readings, before, now, draw(st.integers(0, (count - 1) // 3))


def heard(shards):
    return [one for shard in shards for one in shard if one is not None]


@settings(max_examples=400)
@given(moments())
def test_the_honest_sum_of_this_moment_is_inside(moment):
    readings, before, now, faulty = moment
    wide = interval_of(heard(before), faulty).moved(unseen_agents(readings))
    flat = [one for shard in now for one in shard]
    for size in range(faulty + 1):
        for liars in combinations(range(len(flat)), size):
            honest = sum(
                one for place, one in enumerate(flat) if place not in liars and one is not None
            )
            assert wide.low <= honest <= wide.high


@settings(max_examples=200)
@given(moments(), st.integers(1, 9), st.integers(-4_000, 4_000))
def test_no_decision_but_the_honest_reporters_own(moment, unit, threshold):
    readings, before, now, faulty = moment
    interval = interval_of(heard(before), faulty, unit).moved(unseen_agents(readings))
    decision = interval.decision(threshold)
    flat = heard(now)
    for size in range(min(faulty, len(flat)) + 1):
        for liars in combinations(range(len(flat)), size):
            honest = sum(one for place, one in enumerate(flat) if place not in liars) * unit
            assert decision is not Decision.ABOVE or honest > threshold
            assert decision is not Decision.BELOW or honest < threshold


def broken(margin):
    """Whether some change of one reporter of three leaves an interval widened by so much."""
    for held in product((-C, 0, C), repeat=3):
        interval = interval_of(held, 0)
        for place, new in product(range(3), (-C, 0, C)):
            now = [*held[:place], new, *held[place + 1 :]]
            if not interval.low - margin <= sum(now) <= interval.high + margin:
                return True
    return False


def test_twice_the_clip_for_each_is_needed():
    reading = ShardReading(0, 3, 1, 1_000)
    assert interval_of((0, 0, 0), 0).moved(unseen_agents([reading])) == CertifiedInterval(
        -2 * C, 2 * C, 1
    )
    assert not broken(2 * C)
    assert broken(2 * C - 1)


def test_shards_never_heard_from_widen_by_all_they_have_enrolled():
    readings = [ShardReading(0, 5, 1, 0), ShardReading(1, 7, 0, None)]
    assert CertifiedInterval(3, 4, 2).moved(unseen_agents(readings)) == CertifiedInterval(
        3 - 14 * C, 4 + 14 * C, 2
    )


@pytest.mark.parametrize(
    ("low", "high", "threshold", "decision"),
    [
        (2, 3, 1, Decision.ABOVE),
        (2, 3, 2, Decision.UNDECIDED),
        (2, 3, 3, Decision.UNDECIDED),
        (2, 3, 4, Decision.BELOW),
        (2, 2, 2, Decision.UNDECIDED),
        (-(1 << 90), 1 << 90, 0, Decision.UNDECIDED),
        (1 << 90, 1 << 91, 1 << 89, Decision.ABOVE),
    ],
)
def test_decisions(low, high, threshold, decision):
    assert decide(low, high, threshold) is decision
    assert CertifiedInterval(low, high, 1).decision(threshold) is decision


def test_thresholds_are_in_ulp():
    interval = CertifiedInterval(2, 3, 10)
    assert interval.decision(19) is Decision.ABOVE
    assert interval.decision(20) is Decision.UNDECIDED
    assert interval.decision(30) is Decision.UNDECIDED
    assert interval.decision(31) is Decision.BELOW


def test_refused():
    with pytest.raises(BadInput, match=r"^an interval from 2 to 1 is empty$"):
        CertifiedInterval(2, 1, 1)
    with pytest.raises(BadInput, match=r"^an interval from 2 to 1 is empty$"):
        decide(2, 1, 0)
    with pytest.raises(BadInput, match=r"^unit must be at least 1 ulp, not 0$"):
        CertifiedInterval(1, 2, 0)


def test_moved_by_the_unseen_agents_of_readings():
    readings = [ShardReading(1, 9, 1, 2_001), ShardReading(2, 5, 1, None)]
    interval = CertifiedInterval(-7, 9, 4)
    assert sum(reading.unseen for reading in readings) == unseen_agents(readings) == 8
    assert (
        interval.moved(8)
        == interval.moved(unseen_agents(readings))
        == CertifiedInterval(-2055, 2057, 4)
    )
