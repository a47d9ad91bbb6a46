"""The cpu beside others: every pair has both times, and orders of an exact sum have one result."""

import json
import time

import pytest

from consilience.cli.app import main
from consilience_tools.benchmark.pairs import Pair, best_seconds


@pytest.fixture(scope="module")
def value(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beside")
    assert main(["benchmark", "--beside", "--quick", "--out", str(folder)]) == 0
    return json.loads((folder / "beside.json").read_text())


def test_every_pair_has_both_times(value):
    titles = [pair["title"] for pair in value["pairs"]]
    for title in ("reduce", "LogSum.of", "logsumexp, float32", "posterior, H = 2, any order"):
        assert title in titles
    for pair in value["pairs"]:
        assert pair["ratio"] == pytest.approx(pair["ns_beside"] / pair["ns"])
        assert value["ratios"][f"{pair['title']} / {pair['beside']}"] == pair["ratio"]


def test_an_exact_sum_has_one_result(value):
    (ours,) = (way for way in value["side_by_side"]["ways"] if way["name"] == "consilience")
    assert (ours["results"], ours["sums"], ours["runs"]) == (1, 1, 4)
    assert ours["error_ulp"] < 1.05


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
