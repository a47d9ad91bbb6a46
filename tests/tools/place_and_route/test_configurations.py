"""The published configurations."""

import pytest

from consilience.errors import BadInput
from consilience_hw.link.session import Session
from consilience_hw.log_sum_exp.log_sum_exp import LogSumExp
from consilience_hw.log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from consilience_tools.place_and_route.configurations import (
    ENGINE,
    LIVE,
    MONITOR,
    OBSERVATIONS,
    PUBLISHED,
    configuration,
)


def test_names_tell_part_and_lanes_or_components():
    assert len({one.name for one in PUBLISHED}) == len(PUBLISHED)
    for one in PUBLISHED:
        size = f"-monitor-k{one.components}" if one.components else f"-x{one.lanes}"
        size = "-engine" if one.engine else "-observations" if one.observations else size
        assert one.name.endswith(size)
        assert configuration(one.name) is one


def test_three_seeds_for_the_widest_and_the_monitor_and_one_elsewhere():
    seeds = {one.name: len(one.seeds) for one in PUBLISHED}
    for name in ("ecp5-85f-8-x64", MONITOR):
        assert seeds.pop(name) == 3
    assert set(seeds.values()) == {1}


def test_the_clock_that_the_widest_must_reach():
    assert configuration("ecp5-85f-8-x64").target.required_mhz == 150


def test_small_parts_have_the_small_unit():
    assert isinstance(configuration("ice40-up5k-x1").unit, SerialLogSumExp)
    wide = configuration("ecp5-85f-6-x16")
    assert isinstance(wide.unit, LogSumExp)
    assert wide.unit.lanes == wide.bench.unit.lanes == 16


def test_the_live_unit_has_a_bench_of_its_own():
    live = configuration(LIVE)
    assert live.target.required_mhz == 150 and live.unit.latency <= 64
    assert live.unit_name == type(live.unit).__name__ == type(live.bench.unit).__name__
    assert configuration("ice40-up5k-x1").unit_name == "SerialLogSumExp"
    assert configuration("ecp5-85f-6-x16").unit_name == "LogSumExp"


def test_the_monitor_of_the_contract():
    one = configuration(MONITOR)
    assert one.unit_name == type(one.unit).__name__ == type(one.bench.unit).__name__ == "Monitor"
    for unit in (one.unit, one.bench.unit):
        assert (unit.components, unit.agents) == (4, 16_384)
    assert one.target.required_mhz == 150 and one.unit.latency <= 64


def test_the_monitor_on_a_network():
    one = configuration(OBSERVATIONS)
    assert one.unit_name == type(one.unit).__name__ == type(one.bench.unit).__name__
    assert (one.clock, one.target.required_mhz) == ("clk", 125)
    monitor = one.unit.monitor
    assert (monitor.agents, monitor.bins, monitor.components) == (16_384, 64, 2)
    assert one.latency_of(one.unit) == monitor.latency


def test_the_engine_for_a_network():
    one = configuration(ENGINE)
    assert one.unit_name == type(one.unit).__name__ == type(one.bench.unit).__name__ == "Engine"
    assert one.target.required_mhz == 125
    assert (one.engine.credits, one.engine.largest_payload) == (32, 1408)
    assert one.codes_per_cycle * 4 == 1 and one.latency_of(one.unit) == Session.overhead


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(BadInput, match=r"no configuration 'ecp5-x8'; there are ecp5-85f-8-x8, "):
        configuration("ecp5-x8")
