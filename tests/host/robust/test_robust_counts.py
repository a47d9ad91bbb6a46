"""Sums of many histograms at once against the golden model, one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consilience.robust.robust_counts import BIN_VALUES, robust_sums
from consilience_sim import golden


@given(st.data(), st.integers(1, 12), st.integers(1, 3), st.integers(1, 2))
def test_many_histograms_at_once(data, reporters, rows, columns):
    bins = st.lists(st.integers(-128, 128), min_size=reporters, max_size=reporters)
    values = np.array([[data.draw(bins) for _ in range(columns)] for _ in range(rows)])
    counts = (values[..., np.newaxis] == BIN_VALUES).sum(axis=2, dtype=np.int64)
    faulty = data.draw(st.integers(0, (reporters - 1) // 3))
    sums = robust_sums(counts, faulty)
    for place in np.ndindex(rows, columns):
        trimmed, _, low, high, _ = golden.robust(values[place].tolist(), faulty, 1)
        assert (sums.trimmed[place], sums.low[place], sums.high[place]) == (trimmed, low, high)


def test_the_values_of_the_bins():
    assert BIN_VALUES[[0, 128, 256]].tolist() == [-128, 0, 128]
