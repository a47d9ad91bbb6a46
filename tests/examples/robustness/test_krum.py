"""Krum by sorted runs against its definition, which compares all pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consilience.errors import BadInput
from examples.agent_traces.robustness.krum import krum


def scores_by_definition(reports, faulty):
    """Each report's sum of squared distances to its n - f - 2 nearest others."""
    others = len(reports) - faulty - 2
    return [
        sum(sorted((x - y) ** 2 for j, y in enumerate(reports) if j != i)[:others])
        for i, x in enumerate(reports)
    ]


@given(
    st.lists(st.one_of(st.integers(-9, 9), st.integers(-(2**23), 2**23)), min_size=3, max_size=40),
    st.data(),
)
def test_the_report_has_the_least_score(reports, data):
    faulty = data.draw(st.integers(0, (len(reports) - 3) // 2))
    ascending = sorted(reports)
    scores = scores_by_definition(ascending, faulty)
    chosen = krum(np.array(ascending, np.int64), faulty)
    assert chosen in ascending
    assert scores[ascending.index(chosen)] == min(scores)


def test_every_small_case():
    for n in range(3, 7):
        for number in range(4**n):
            ascending = sorted(number // 4**place % 4 for place in range(n))
            for faulty in range((n - 3) // 2 + 1):
                scores = scores_by_definition(ascending, faulty)
                chosen = krum(np.array(ascending, np.int64), faulty)
                assert scores[ascending.index(chosen)] == min(scores)


def test_what_it_refuses():
    message = r"^krum: 4 reports cannot tolerate 1 faulty: n must be at least 2f \+ 3$"
    with pytest.raises(BadInput, match=message):
        krum(np.arange(4), 1)
    with pytest.raises(BadInput, match="cannot tolerate -1"):
        krum(np.arange(4), -1)
    with pytest.raises(BadInput, match="too far apart"):
        krum(np.array([0, 0, 0, 2**31]), 0)
