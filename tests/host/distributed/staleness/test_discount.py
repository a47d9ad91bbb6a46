"""The host's `Discount` against the golden model, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.staleness.discount import LONGEST_AGE, Discount
from consilience.errors import BadInput
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

times = st.one_of(st.integers(0, 5_000), st.integers(0, LONGEST_AGE))
discounts = st.builds(Discount, times, times.map(lambda ms: max(ms, 1)), times)


def test_every_weight():
    ages = np.arange(18 << 16)
    found = Discount(7, 1 << 16, LONGEST_AGE).weight(ages).tolist()
    assert found == [golden.age_weight(age, 7, 1 << 16, LONGEST_AGE) for age in ages.tolist()]


@given(discounts, st.lists(st.one_of(times, st.integers(0, (1 << 64) - 1)), max_size=30))
def test_any_policy(discount, ages):
    policy = (discount.grace_ms, discount.half_life_ms)
    near = [discount.grace_ms, discount.grace_ms + 1, discount.max_age_ms]
    near += [discount.max_age_ms - 1] * (discount.max_age_ms > 0)
    ages = np.array(ages + near, dtype=np.uint64)
    capped = [min(age, LONGEST_AGE) for age in ages.tolist()]
    weights = [golden.age_weight(age, *policy, discount.max_age_ms) for age in capped]
    assert discount.weight(ages).tolist() == weights
    assert discount.decay(ages).tolist() == [golden.age_decay(age, *policy) for age in capped]


@given(discounts, times, times)
def test_older_never_weighs_more(discount, one, other):
    younger, older = sorted((one, other))
    assert discount.weight(older) <= discount.weight(younger) <= 65536
    assert discount.weight(0) == (65536 if discount.max_age_ms else 0)


def test_shape_and_type():
    weights = Discount(0, 10, 100).weight([[0, 10], [20, 100]])
    assert weights.dtype == np.uint32
    assert weights.tolist() == [[65536, 32768], [16384, 0]]
    assert Discount(0, 10, 100).weight([]).tolist() == []
    assert int(Discount(0, 10, 100).weight(30)) == 8192


def test_in_a_mixture():
    discount = Discount(10, 5, 1000)
    codes = [100, 0, Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code, 3]
    found = discount.mixed(codes, [10, 11, 12, 20, 999, 1000])
    expected = [100, -13107, Q16_16.log_of_zero, Q16_16.min_code, Q16_16.max_code - 12963020]
    assert found.tolist() == [*expected, Q16_16.log_of_zero]
    assert found.dtype == np.int32


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ((-1, 1, 1), "grace_ms must be in 0 .. 4294967295 ms, not -1"),
        ((0, 0, 1), "half_life_ms must be in 1 .. 4294967295 ms, not 0"),
        ((0, 1, 1 << 32), "max_age_ms must be in 0 .. 4294967295 ms, not 4294967296"),
    ],
)
def test_policies_that_cannot_be(times, message):
    with pytest.raises(BadInput, match=f"^{message}$".replace(".", r"\.")):
        Discount(*times)


@pytest.mark.parametrize("age", [1.5, "1", None, 1 << 64])
def test_no_age(age):
    with pytest.raises(BadInput, match=r"^ages are integers in ms, of at most 64 bits, not "):
        Discount(0, 1, 1).weight(age)


def test_no_negative_age():
    with pytest.raises(BadInput, match="an age of -1 ms"):
        Discount(0, 1, 1).weight([3, -1])
