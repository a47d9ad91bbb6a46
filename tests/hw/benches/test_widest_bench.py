"""The bench with 64 lanes."""

import numpy as np
import pytest

from consilience_hw.benches.wide_bench import WORDS, WideBench
from consilience_sim.compiled import StreamSimulation
from tests.hw.benches.test_wide_bench import Observed, check


@pytest.mark.slow
def test_64_lanes_over_more_than_a_period(record_property):
    with StreamSimulation(Observed(WideBench(64)), name="bench with 64 lanes") as simulation:
        outputs, _, _ = simulation.run(
            np.empty((0, 1), dtype=np.uint8), WORDS // 2, max_cycles=8 * WORDS
        )
    results = check([int.from_bytes(row.tobytes(), "little") for row in outputs], 64)
    assert len(set(results)) > 40
    record_property("claim", "the bench of 64 lanes gives its model's results and signature")
    record_property("cases", len(results))
