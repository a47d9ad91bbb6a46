"""Figures against the committed ones."""

import json

import pytest

from consilience_tools.place_and_route import baseline
from consilience_tools.place_and_route.configurations import PUBLISHED, configuration
from consilience_tools.place_and_route.measurement import Measurement
from consilience_tools.place_and_route.nextpnr_report import CriticalPath
from consilience_tools.place_and_route.routing import RoutedDesign

PATH = CriticalPath("unit.a", "unit.b", 2.0, 3.0, levels=4, carries=0)
NAME = "ecp5-85f-8-x8"


def measurement(*mhz, packed=8000, name=NAME):
    cells = {"LUT4": 3000, "carry": 2000, "FF": 9000, "BRAM": 26, "LUT_RAM": 46, "DSP": 0}
    runs = [
        RoutedDesign(seed, one, {"TRELLIS_COMB": 9000}, PATH) for seed, one in enumerate(mhz, 1)
    ]
    tools = {"nextpnr": "1"}
    return Measurement(configuration(name), 57, cells, packed, tuple(runs), "ab12", tools)


@pytest.fixture
def file(monkeypatch, tmp_path):
    path = tmp_path / "baseline.json"
    path.write_text("{}")
    monkeypatch.setattr(baseline, "BASELINE", path)
    return path


def test_what_is_as_good_or_nearly_passes(file):
    baseline.write_baseline([measurement(200.0)])
    committed = baseline.read_baseline()
    for fine in (measurement(200.0), measurement(190.1), measurement(250.0, packed=8399)):
        assert baseline.regressions(fine, committed) == []


def test_what_is_worse_by_more_than_5_percent_is_told(file):
    baseline.write_baseline([measurement(200.0)])
    committed = baseline.read_baseline()
    assert baseline.regressions(measurement(189.0), committed) == [
        "189.0 MHz, 5.5 % below the 200.0 it had"
    ]
    slow_and_large = baseline.regressions(measurement(100.0, packed=16000), committed)
    assert slow_and_large == [
        "100.0 MHz, 50.0 % below the 200.0 it had",
        "2000 LUTs per lane, 100.0 % above the 1000 it had",
    ]


def test_what_has_no_baseline_is_not_judged():
    assert baseline.regressions(measurement(1.0), {}) == []


def test_writing_keeps_the_others(file):
    baseline.write_baseline([measurement(200.0)])
    baseline.write_baseline([measurement(170.0, 160.0, 180.0, name="ecp5-85f-8-x64")])
    committed = baseline.read_baseline()
    assert set(committed) == {NAME, "ecp5-85f-8-x64"}
    assert committed["ecp5-85f-8-x64"]["fmax_median_mhz"] == 170.0
    assert committed["ecp5-85f-8-x64"]["fmax_mhz"] == {"1": 170.0, "2": 160.0, "3": 180.0}


def test_figures():
    value = measurement(170.0, 160.0, 180.0).as_json()
    assert value["fmax_median_mhz"] == 170.0
    assert value["evidence_per_second"] == 170.0e6 * 8
    assert value["unit"]["luts_per_lane"] == (3000 + 2 * 2000 + 4 * 46) / 8
    assert value["unit"]["packed_per_lane"] == 1000
    assert value["critical_path"]["in_words"] == PATH.words
    assert json.loads(json.dumps(value)) == value


def test_the_typical_run_is_the_one_of_the_median():
    assert measurement(170.0, 160.0, 180.0).typical_run.seed == 1
    assert measurement(170.0, 160.0).typical_run.seed == 2


def test_the_committed_baseline_is_of_published_configurations():
    assert set(baseline.read_baseline()) <= {one.name for one in PUBLISHED}
