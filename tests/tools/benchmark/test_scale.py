"""`consilience benchmark --scale`: what it measures, fits and writes."""

import json
from pathlib import Path

import numpy as np
import pytest

from consilience.cli.app import main
from consilience.devices.cpu import CpuDevice
from consilience.errors import Mismatch
from consilience_hw.live.live_updates import LiveUpdates
from consilience_sim import golden
from consilience_tools.benchmark import scale_cpu
from consilience_tools.benchmark.plan import SCALE_QUICK
from consilience_tools.benchmark.scale import PLOT, time_of
from consilience_tools.benchmark.scale_cpu import all_pairs, fitted, on_the_cpu, update_ns
from consilience_tools.benchmark.timing import Timing
from consilience_tools.benchmark.workload import drawn_codes


@pytest.mark.parametrize("terms", [1, 50, 1 << 20])
def test_all_pairs_are_each_from_scratch(terms, monkeypatch):
    monkeypatch.setattr(scale_cpu, "_TERMS", terms)
    codes = drawn_codes(37)
    with CpuDevice() as device:
        expected = [code for code, _ in golden.leave_one_out(codes.tolist())]
        assert all_pairs(device, codes).tolist() == expected


def test_a_power_law_is_found():
    growth = fitted([10, 100, 1_000], [3e-9 * n**2 for n in (10, 100, 1_000)])
    assert growth.exponent == pytest.approx(2)
    assert growth.seconds(10_000) == pytest.approx(0.3)
    with pytest.raises(ValueError, match="no growth"):
        fitted([10], [1.0])


def test_times_in_words():
    assert [time_of(s) for s in (7200, 2090, 119, 2.5, 0.0123, 4.56e-6, 7.8e-8, 2e-10)] == [
        *("2 h", "34.8 min", "119 s", "2.5 s", "12.3 ms", "4.56 us", "78 ns", "0.2 ns")
    ]
    assert update_ns(Timing(100, 1, (0, 1), (2e-6, 1e-6))) == pytest.approx(10)


def test_a_difference_ends_the_run(monkeypatch):
    monkeypatch.setattr(CpuDevice, "leave_one_out", lambda self, codes: np.zeros(len(codes)))
    with pytest.raises(Mismatch, match="from scratch"):
        on_the_cpu(SCALE_QUICK, lambda *_: None)


def test_its_files_and_json(tmp_path, capsys):
    assert main(["benchmark", "--scale", "--quick", "--json", "--out", str(tmp_path)]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value == json.loads((tmp_path / "scale.json").read_text())
    assert set(value["update_cycles"].values()) == {64}
    assert list(value["update_cycles"]) == ["10", "1000"]
    assert value["live"]["1000"]["sweep"] == 1_000 + value["live"]["1000"]["drain"] - 1
    assert 4 <= value["leave_one_out"]["cycles_per_code"] < 4.1
    assert set(value["cpu_seconds"]) == {"pairwise", "sweep", "leave_one_out"}
    page = (tmp_path / "scale.md").read_text()
    assert "| update -> result | 64 |" in page
    assert "worth nothing" in page
    assert "(scale.svg)" in page
    assert (tmp_path / "scale.svg").read_text().startswith("<?xml")


def test_tables_on_the_terminal(tmp_path, capsys):
    assert main(["benchmark", "--scale", "--quick", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "an update takes" in told
    assert "all pairs" in told


def test_the_committed_page_is_of_this_unit():
    """docs/scale.md was written by a full run, and its latency is still that of the gateware."""
    page = (Path(__file__).parents[3] / "docs" / "scale.md").read_text()
    assert "worth nothing" not in page
    assert f"| update -> result | {LiveUpdates().update_cycles} |" in page
    assert "| 1,000,000 | 100,000 | 64 | 64 | 3 | 63 |" in page
    assert (Path(__file__).parents[3] / "docs" / PLOT).exists()
