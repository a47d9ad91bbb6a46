"""The netlist of the live log sum."""

import pytest

from consilience_sim.compiled import LiveSimulation
from consilience_sim.compiled.live_simulation import live_design
from consilience_sim.netlists import Family, netlist_of
from tests.sim.compiled.test_live_simulation import (
    CLEARS,
    Script,
    assert_as_expected,
    compiled_unit,
    unit,
)

__all__ = ["compiled_unit", "unit"]


@pytest.mark.slow
def test_the_ecp5_netlist_is_the_design(unit, record_property):
    """In the family's cells and block RAMs: the same results in the same cycles."""
    netlist = netlist_of(live_design(), Family.ECP5, name="LiveUpdates")
    # What docs/scale.md says of how many fit.
    assert netlist.area["BRAM"] == 70
    script = Script(7)
    script.random(700, 1 << 21, 30)
    script.random(700, (1 << 31) - 1, 60)
    script.random(300, 1 << 10, 4)
    options = {"gaps": 0.2, "stalls": 0.3, "seed": 4}
    with LiveSimulation(netlist.design) as built:
        assert built.update_cycles == unit.update_cycles
        built.update([CLEARS], 0, 0)
        readings = script.run_on(built, **options)
    assert_as_expected(readings, script.expected)
    for one, other in zip(readings, script.run_on(unit, **options), strict=True):
        assert (one == other).all()
    record_property("claim", "the ECP5 netlist of LiveUpdates is the design, cycle by cycle")
    record_property("cases", len(script.expected))
