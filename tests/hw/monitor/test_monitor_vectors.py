"""The fixed set of observations: one digest of the golden model and of the gateware."""

import numpy as np
import pytest

from consilience_hw.monitor.monitor_beat import MonitorOperation
from consilience_sim.compiled.monitor_simulation import MonitorSimulation
from consilience_sim.reference.monitor_vectors import (
    MONITOR_AGENTS,
    MONITOR_WEIGHTS,
    golden_monitor_results,
    monitor_digest,
    monitor_sets,
)
from tests.hw.monitor.monitor_script import BIT, MonitorScript

DIGEST = "9984c693419c9f8c5c4401cc443ea19a6b2e793481801ae126e8b378597998fa"


def digest_of(results):
    statistics, alarms = zip(*results, strict=True)
    return monitor_digest(np.concatenate(statistics), np.concatenate(alarms))


@pytest.mark.slow
def test_the_digest_of_the_golden_model_and_of_the_gateware(record_property):
    assert digest_of(golden_monitor_results(one) for one in monitor_sets()) == DIGEST
    results, count = [], 0
    with MonitorSimulation(len(MONITOR_WEIGHTS), MONITOR_AGENTS) as unit:
        for number, one in enumerate(monitor_sets()):
            unit.begin(one.mode, MONITOR_WEIGHTS, one.threshold, one.policy)
            updates = (MonitorOperation.UPDATE.value, MonitorOperation.PROVISIONAL.value)
            pace = {"gaps": 0.2, "stalls": 0.3, "seed": number} if number % 2 else {}
            readings = unit.give(np.where(one.commit, *updates), one.agent, one.increments, **pace)
            results.append((readings.statistic, readings.alarm))
            count += len(one.agent)
    assert digest_of(results) == DIGEST
    record_property("claim", "the compiled Monitor gives the digest of the fixed observations")
    record_property("cases", count)


@pytest.mark.slow
@pytest.mark.parametrize("components", [1, 3, 5, 16])
def test_other_numbers_of_components(components, record_property):
    """A single component, odd ones at each level of the tree, and as many as there can be."""
    cases = 0
    with MonitorSimulation(components, 64) as unit:
        for number, one in enumerate(monitor_sets()):
            weights = [-(components.bit_length() + k % 2) * BIT for k in range(components)]
            script = MonitorScript(
                one.mode, weights, one.threshold, one.policy, agents=64, seed=number
            )
            script.begin()
            choose = script.choose
            script.random(1_500, 2 * BIT, lambda choose=choose: choose.integers(64))
            script.random(500, 90 * BIT, lambda choose=choose: choose.integers(2))
            script.scan(word=components)
            script.check(script.run_on(unit, gaps=0.1, stalls=0.1, seed=number))
            cases += len(script.expected)
    record_property("claim", f"a compiled Monitor of {components} components is golden")
    record_property("cases", cases)
