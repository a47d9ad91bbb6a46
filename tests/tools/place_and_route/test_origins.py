"""Rows of docs/timing.md are as old as the gateware that they are of."""

from dataclasses import replace

import pytest

from consilience_tools.pages.stamp import ROOT
from consilience_tools.place_and_route.configurations import ENGINE, LIVE, MONITOR, configuration
from consilience_tools.place_and_route.origins import is_older, origin

X16 = "ecp5-85f-8-x16"


@pytest.mark.parametrize(
    ("name", "held", "not_held"),
    [
        (X16, ("log_sum_exp/log_sum_exp.py", "primitives/ecp5.py"), ("live", "link", "monitor")),
        (LIVE, ("live/bin_banks.py", "benches/live_bench.py"), ("link", "monitor/monitor.py")),
        (MONITOR, ("monitor/recurrence.py", "spec/log_add_table.py"), ("link", "ethernet")),
        (ENGINE, ("link/cobs_encoder.py", "engine/engine.py"), ("ethernet", "boards")),
        ("ice40-hx8k-x1", ("log2/serial_log2.py",), ("live", "primitives/ecp5.py")),
    ],
)
def test_code_is_the_gateware_in_the_bench(name, held, not_held):
    code = origin(configuration(name)).code
    assert all((ROOT / path).is_file() for path in code)
    gateware = [path.removeprefix("hw/consilience_hw/") for path in code]
    assert set(held) <= set(gateware)
    assert not [path for path in gateware for other in not_held if path.startswith(other)]


def test_steps_for_ecp5_alone():
    step = "host/consilience_tools/place_and_route/carry_ends.py"
    assert step in origin(configuration(X16)).code
    assert step not in origin(configuration("ice40-hx8k-x1")).code


def test_a_row_is_older_by_code_part_or_seeds():
    one = configuration(X16)
    now = {"part": one.target.part, "fmax_mhz": {"1": 200.0}, "code": origin(one).digest()}
    assert not is_older(one, now)
    assert is_older(one, now | {"code": "unknown"})
    assert is_older(one, now | {"part": "another"})
    assert is_older(replace(one, seeds=(1, 2, 3)), now)
