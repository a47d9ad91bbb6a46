"""The cpu beside others: every pair has both times, and orders of an exact sum have one result."""

import json
import time
from dataclasses import replace

import pytest

from consilience.cli.app import main
from consilience_tools.benchmark import others
from consilience_tools.benchmark.others import OURS, side_by_side
from consilience_tools.benchmark.pairs import Pair, best_seconds
from consilience_tools.benchmark.plan import BESIDE_QUICK


@pytest.fixture(scope="module")
def value(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beside")
    assert main(["benchmark", "--beside", "--quick", "--out", str(folder)]) == 0
    found = json.loads((folder / "beside.json").read_text())
    found["markdown"] = (folder / "beside.md").read_text()
    return found


def test_every_pair_has_both_times(value):
    titles = [pair["title"] for pair in value["pairs"]]
    for title in ("reduce", "LogSum.of", "logsumexp, float32", "posterior, H = 2, any order"):
        assert title in titles
    for pair in value["pairs"]:
        assert pair["ratio"] == pytest.approx(pair["ns_beside"] / pair["ns"])
        assert value["ratios"][f"{pair['title']} / {pair['beside']}"] == pair["ratio"]


def test_tables_for_a_page_have_every_row(value):
    lines = value["markdown"].splitlines()
    counts = len(value["pairs"]), len(value["side_by_side"]["ways"])
    missing = len(value["side_by_side"]["not_run"])
    rows = len(counts) + sum(counts) + missing + len(value["start_processor_s"]) + 1
    assert sum(line.startswith("| ") for line in lines) == rows
    assert sum("NOT RUN: not installed" in line for line in lines) == missing


def test_an_exact_sum_has_one_result(value):
    ours = [way for way in value["side_by_side"]["ways"] if way["name"].startswith(OURS)]
    assert [way["results"] for way in ours] == [1, 1, 1]
    assert [way["sums"] for way in ours] == [None, 1, None]
    assert all(way["runs"] == 4 and way["error_ulp"] < 1.05 for way in ours)


def test_what_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr(others, "_is_installed", lambda name: name in ("SciPy", "torch float32"))
    monkeypatch.setitem(others._WAYS, "torch float32", others._WAYS["SciPy"])
    plan = replace(BESIDE_QUICK, elements=50)
    ways, missing = side_by_side(plan, lambda stage, done, parts: None)
    assert [way.name for way in ways] == ["SciPy", "torch float32"]
    assert "jax float32" in missing
    assert len(missing) == len(others._WAYS) - 2


def test_errors_are_those_of_the_sum(value):
    ways = {way["name"]: way for way in value["side_by_side"]["ways"]}
    assert ways["SciPy"]["error_ulp"] < 1e-6
    assert ways["SciPy"]["error_ulp"] < ways["NumPy log(sum(exp)), float32"]["error_ulp"] < 10


def test_the_best_of_the_rounds_counts():
    seconds = iter([0.0, 5.0, 5.0, 6.0, 6.0, 8.0])
    calls = {"one": lambda: None}
    assert best_seconds(calls, 3, lambda: next(seconds)) == {"one": 1.0}
    assert best_seconds({"a": lambda: time.sleep(0)}, 1)["a"] >= 0


def test_a_ratio_says_how_many_times_faster():
    assert Pair("a", "b", 10, 2.0, 8.0).ratio == 4.0
