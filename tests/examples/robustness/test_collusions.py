"""Each collusion by hand."""

import numpy as np
import pytest

from examples.agent_traces.robustness.collusions import COLLUSIONS, Seen

SEEN = Seen(*(np.array(both) for both in ((600, -600), (100, 100), (640, -640), (-1, 1))))
"""A trial whose honest ratios are above zero, and its mirror image."""
EXPECTED = {
    "clip-maximal": 128,
    "ALIE": -(600 - 150),
    "inner product, 0.1": 60,
    "inner product, 2": 1200,
    "near median": -639,
}


@pytest.mark.parametrize("name", COLLUSIONS)
def test_what_all_liars_report(name):
    assert COLLUSIONS[name](SEEN, 128).tolist() == [-EXPECTED[name], EXPECTED[name]]
