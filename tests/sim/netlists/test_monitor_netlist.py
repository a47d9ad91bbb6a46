"""The netlist of the monitor."""

import pytest

from consilience_hw.spec.monitor_format import MonitorMode, Policy
from consilience_sim.compiled.monitor_simulation import MonitorSimulation, monitor_design
from consilience_sim.netlists import Family, netlist_of
from tests.hw.monitor.monitor_script import BIT, MAX, MonitorScript

COMPONENTS, AGENTS = 4, 16_384
CASES = [
    (MonitorMode.RESTART, Policy.LATCH),
    (MonitorMode.CUSUM, Policy.RENEW),
    (MonitorMode.ONCE, Policy.LATCH),
    (MonitorMode.SPREAD, Policy.RENEW),
]


@pytest.mark.slow
def test_the_ecp5_netlist_is_the_design(record_property):
    """Of as many agents as it holds: the same results in the same cycles, and a scan of all."""
    netlist = netlist_of(
        monitor_design(COMPONENTS, AGENTS), Family.ECP5, name=f"Monitor of {COMPONENTS} components"
    )
    # Of the 208 of an LFE5U-85F: 128 hold components.
    assert netlist.area["BRAM"] == 189
    cases = 0
    with (
        MonitorSimulation(COMPONENTS, AGENTS, netlist.design) as built,
        MonitorSimulation(COMPONENTS, AGENTS) as unit,
    ):
        for seed, (mode, policy) in enumerate(CASES):
            weights = [-2 * BIT, -BIT, -3 * BIT, -3 * BIT]
            script = MonitorScript(mode, weights, 8 * BIT, policy, agents=AGENTS, seed=seed)
            script.begin()
            choose = script.choose
            script.random(300, 3 * BIT, lambda choose=choose: choose.integers(AGENTS))
            script.random(200, 3 * BIT, lambda choose=choose: 8_191 + choose.integers(3))
            script.random(100, MAX // 4, lambda choose=choose: choose.integers(2))
            if not seed:
                script.scan(word=2)
            options = {"gaps": 0.1, "stalls": 0.2, "seed": seed}
            readings = script.run_on(built, **options)
            script.check(readings)
            for one, other in zip(readings, script.run_on(unit, **options), strict=True):
                assert (one == other).all()
            cases += len(script.expected)
    record_property("claim", "the ECP5 netlist of Monitor is the design, cycle by cycle")
    record_property("cases", cases)
