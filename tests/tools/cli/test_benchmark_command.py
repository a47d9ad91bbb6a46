"""`consilience benchmark`: its JSON, its tables, its report, and wrong usage."""

import contextlib
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from consilience.cli.app import main
from consilience.errors import Mismatch

SUMMARY = [
    *("cpu_vs_scipy", "cpu_with_conversion_vs_scipy", "ns_per_element", "flatness"),
    "sim_seconds_1e6",
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Run once, quickly, without routed configurations; return the folder, stdout and stderr."""
    folder = tmp_path_factory.mktemp("benchmark")
    words = ["--quick", "--out", str(folder), "--timing", str(folder / "timing")]
    out, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
        assert main(["benchmark", *words]) == 0
    return folder, out.getvalue(), told.getvalue()


@pytest.fixture(scope="module")
def run(shown):
    """The folder."""
    return shown[0]


def test_json_on_stdout_is_the_file(tmp_path, capsys):
    routed = {
        "configuration": "ecp5-x8",
        "part": "LFE5U-85F-8BG756C",
        "lanes": 8,
        "unit_is": "WideLogSumExp",
        "fmax_mhz": {"1": 203.1},
        "fmax_median_mhz": 203.1,
        "unit": {"packed_as": "TRELLIS_COMB", "luts_per_lane": 690.5},
    }
    (tmp_path / "timing").mkdir()
    (tmp_path / "timing" / "ecp5-x8.json").write_text(json.dumps(routed))
    words = ["--quick", "--json", "--out", str(tmp_path), "--timing", str(tmp_path / "timing")]
    assert main(["benchmark", *words]) == 0
    captured = capsys.readouterr()
    value = json.loads(captured.out)
    assert value == json.loads((tmp_path / "benchmark.json").read_text())
    assert "cpu: four data sets of 20,000 values ..." in captured.err
    assert "make timing" not in captured.err
    assert value["report"] == str(tmp_path / "report.html")
    assert [one["lanes"] for one in value["routed"]] == [8]
    page = (tmp_path / "report.html").read_text()
    assert "LFE5U-85F-8BG756C" in page
    assert page.count("<img ") == 4


def test_json_has_the_summary_and_all_parts(run):
    value = json.loads((run / "benchmark.json").read_text())
    assert set(SUMMARY) <= set(value)
    assert value["quick"] is True
    times = value["ns_per_element"]
    assert list(times) == ["10000", "100000"]
    assert value["flatness"] == 1
    assert value["cpu_vs_scipy"] == min(
        part["vs_scipy"]["reduce"]["median"] for part in value["data_sets"]
    )
    assert value["cpu_with_conversion_vs_scipy"] == min(
        part["vs_scipy"]["to_codes + reduce"]["median"] for part in value["data_sets"]
    )
    assert [part["name"] for part in value["data_sets"]] == ["normal", "uniform", "mixed", "equal"]
    assert [part["n"] for part in value["errors_ulp"]] == [10, 10_000]
    assert [part["hypotheses"] for part in value["posteriors"]] == [2, 8]
    assert len(value["segments"]) == 2
    assert value["machine"]["packages"]["scipy"]
    assert value["routed"] == []


def test_raw_samples_are_kept(run):
    value = json.loads((run / "benchmark.json").read_text())
    timing = value["data_sets"][0]["timings"]["SciPy"]
    assert len(timing["samples_s"]) == timing["runs"] == len(timing["rounds"])
    assert np.median(timing["samples_s"]) == timing["median_s"]
    assert timing["ns_per_element"] == pytest.approx(timing["median_s"] / 20_000 * 1e9)


def test_cycles_are_facts(run):
    """One byte per cycle on the link; one beat per cycle, and the latency, on the stream."""
    jobs = json.loads((run / "benchmark.json").read_text())["simulation"]
    link = next(job for job in jobs if job["title"] == "reduce, 1 segment")
    assert link["elements"] == 2_000
    assert 4 * 2_000 < link["cycles"] < 6 * 2_000
    for job in jobs:
        if job["beats"] is not None:
            assert job["beats"] < job["cycles"] < job["beats"] + 200
    assert {job["beats"] for job in jobs} == {None, 2_000, 1_000}


class Addresses(HTMLParser):
    """Collects what a page would load."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("src", "href", "data")]
        assert tag not in ("script", "link", "iframe")


def test_the_report_needs_nothing_else(run):
    page = (run / "report.html").read_text()
    addresses = Addresses()
    addresses.feed(page)
    assert len(addresses.found) == 3
    assert all(address.startswith("data:image/svg+xml;base64,") for address in addresses.found)
    assert "url(" not in page
    assert "@import" not in page
    assert "<code>make timing</code>" in page
    assert "A quick run" in page


def test_tables_on_a_terminal(shown):
    folder, out, told = shown
    assert "make timing` makes them" in told
    lines = out.splitlines()
    assert lines[-1] == f"report {folder / 'report.html'}"
    assert max(map(len, lines[:-1])) <= 100
    for title in (
        "cpu, one core: 20,000 values, ns per value",
        "gateware, simulated, bound by its link or by its kernel: clock cycles",
        "the simulator: wall time",
    ):
        assert title in out
    assert re.search(r"^cpu reduce +\d+\.\d times scipy", out, re.MULTILINE)


def test_out_that_cannot_be(tmp_path, capsys):
    path = tmp_path / "file"
    path.touch()
    assert main(["benchmark", "--quick", "--out", str(path)]) == 2
    assert "cannot be made (File exists); choose another --out" in capsys.readouterr().err


def test_timing_that_is_none(tmp_path, capsys):
    (tmp_path / "other.json").write_text("[]")
    words = ["--quick", "--json", "--out", str(tmp_path / "out"), "--timing", str(tmp_path)]
    assert main(["benchmark", *words]) == 2
    assert "not a result of `make timing`" in json.loads(capsys.readouterr().out)["error"]
    assert not (tmp_path / "out").exists()


def test_a_mismatch_ends_it(tmp_path, capsys, monkeypatch):
    from consilience_tools.benchmark import run as module

    def differ(*_):
        raise Mismatch("sim and cpu differ")

    monkeypatch.setattr(module, "data_sets", differ)
    assert main(["benchmark", "--quick", "--json", "--out", str(tmp_path)]) == 8
    assert json.loads(capsys.readouterr().out)["exit_code"] == 8
    assert not (tmp_path / "benchmark.json").exists()


def test_usage(capsys):
    assert main(["benchmark", "--fast"]) == 2
    assert "--fast" in capsys.readouterr().err
