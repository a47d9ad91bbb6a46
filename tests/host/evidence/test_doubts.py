"""Where a doubt begins: on each side of every limit."""

import numpy as np
import pytest

from consilience.evidence.plausibility import Plausibility

LOGS = [[-1.5, -0.25], [-7.0, -2.5]]


def doubts(values, weights=None):
    """Return the first words of each doubt about rows that come one at a time."""
    seen = Plausibility(len(values[0]))
    for number, row in enumerate(values):
        weight = None if weights is None else np.array(weights[number : number + 1], np.uint32)
        seen.look(np.array([row], np.float64), weight)
    found = seen.doubts(("a", "b"), None if weights is None else "weight")
    return [text.split(" of ")[0].split(" in ")[0] for text in found]


@pytest.mark.parametrize(
    ("values", "doubt"),
    [
        ([[0.0, 1.0], [0.5, 0.25]], ["all values"]),
        ([[0.0, 1.0], [0.5, 1.5]], ["no value"]),
        ([[0.0, 0.0], [0.0, 0.0]], []),
        ([[-0.5, 0.25], [0.5, 3.0]], []),
        ([[-22_713.0, 0.0]], []),
        ([[-22_714.0, 0.0]], ["all values"]),
        ([[-22_714.5, 0.0]], []),
        ([[-1.0, 22_714.0]], ["all values"]),
        ([[-1.0, 22_713.0]], []),
    ],
)
def test_values(values, doubt):
    assert doubts(values) == doubt


@pytest.mark.parametrize(
    ("weights", "doubted"),
    [((64, 1), True), ((65, 1), False), ((1, 65536), False), ((0, 0), False), ((0, 1), True)],
)
def test_the_largest_weight_counts_and_none_at_all_is_no_doubt(weights, doubted):
    told = ["the largest weight"] if doubted else []
    assert doubts(LOGS, weights) == told
    together = Plausibility(2)
    together.look(np.array(LOGS), np.array(weights, np.uint32))
    assert len(together.doubts(("a", "b"), "weight")) == len(told)


def test_which_columns_may_be_metrics_and_nothing_of_no_rows():
    seen = Plausibility(2)
    assert seen.doubts(("a", "b"), "weight") == []
    seen.look(np.empty((0, 2)), np.empty(0, np.uint32))
    seen.look(np.array([[0.0, 3.0]]), None)
    assert "negative: b may be metrics" in seen.doubts(("a", "b"), None)[0]
