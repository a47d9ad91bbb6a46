"""The data: what they are said to be, and the same in every run."""

import numpy as np
import pytest

from consilience.numbers.convert import quantise
from consilience_tools.benchmark.workload import (
    DATA_SETS,
    codes_in_chunks,
    mixed_segments,
    short_segments,
)


def draw(name, n=20_000):
    return DATA_SETS[name].draw(np.random.default_rng(1), n)


@pytest.mark.parametrize("name", DATA_SETS)
@pytest.mark.parametrize("n", [1, 3, 20_000])
def test_all_values_have_codes(name, n):
    nats = draw(name, n)
    assert nats.shape == (n,)
    assert quantise(nats).saturated == 0
    assert (nats == draw(name, n)).all()


def test_they_are_what_they_are_called():
    assert draw("normal").mean() == pytest.approx(-20, abs=0.3)
    assert draw("normal").std() == pytest.approx(8, abs=0.2)
    assert -20 <= draw("uniform").min() < -19.9 < -0.1 < draw("uniform").max() <= 0
    assert set(draw("equal")) == {-20.0}
    mixed = draw("mixed")
    assert mixed.min() < -21_000
    assert (mixed > -60).mean() == pytest.approx(0.5 + 0.1, abs=0.02)


def test_chunks_have_all_codes():
    data = DATA_SETS["normal"]
    codes = codes_in_chunks(data, np.random.default_rng(1), 1_500_000)
    whole = np.random.default_rng(1)
    assert (codes[:1_000_000] == quantise(data.draw(whole, 1_000_000)).codes).all()
    assert (codes[1_000_000:] == quantise(data.draw(whole, 500_000)).codes).all()


@pytest.mark.parametrize(("lengths", "longest"), [(short_segments, 16), (mixed_segments, 10_000)])
def test_offsets_fit_the_codes(lengths, longest):
    for n in (1, 5, 100_000):
        offsets = lengths(np.random.default_rng(1), n)
        assert offsets[0] == 0
        assert offsets[-1] == n
        sizes = np.diff(offsets)
        assert sizes.min() >= 1
        assert sizes.max() <= longest
