"""The package e-valuator: used as its own instructions say, and what it is compared by."""

import contextlib
import io
import re
import warnings
from fractions import Fraction

import pandas as pd
import pytest
from evaluator import EValuator
from evaluator.utils import add_judge_probability_series

from examples.judges_scores.comparison import compared, verdicts_of
from examples.judges_scores.e_valuator import MODES, RATIO_RANKED, as_table, mode_method
from examples.judges_scores.judged_runs import DATA, JudgedRun, read_runs
from examples.judges_scores.ranked import rank_method
from examples.judges_scores.suspicion import DOUBT

LEVELS = [Fraction(1, 20), Fraction(1, 5)]


@pytest.fixture(scope="module")
def hotpotqa() -> list[JudgedRun]:
    return read_runs(DATA / "hotpotqa.csv")


@pytest.fixture(scope="module")
def series(hotpotqa: list[JudgedRun]) -> pd.DataFrame:
    """What the package's own helper makes of the file."""
    with contextlib.redirect_stderr(io.StringIO()):  # a progress bar
        return add_judge_probability_series(pd.read_csv(DATA / "hotpotqa.csv"))


def part(series: pd.DataFrame, runs: list[JudgedRun]) -> pd.DataFrame:
    names = {run.name for run in runs}
    return series[series.uq_problem_idx.isin(names)].reset_index(drop=True)


@pytest.mark.parametrize("mode", MODES)
def test_verdicts_are_the_packages(
    hotpotqa: list[JudgedRun], series: pd.DataFrame, mode: str
) -> None:
    train, test = hotpotqa[:120], hotpotqa[120:]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        made = EValuator(mt_variant=mode, alphas=[0.05, 0.2], random_state=4)
        made.fit(part(series, train))
    table = made.apply(part(series, test))
    said = mode_method(mode).judge(train, test, LEVELS, 4)
    for place, column in enumerate((f"reject_{mode}_alpha_0_05", f"reject_{mode}_alpha_0_2")):
        theirs = [
            int(its.num_steps[its[column]].min()) if its[column].any() else 0
            for _, its in table.groupby("uq_problem_idx", sort=False)
        ]
        assert said.first[:, place].tolist() == theirs
    assert said.first[:, 1].any()
    # What is lacking is what the package warns of.
    needed = [re.search(r"1 - alpha'\)\) = (\d+)", str(one.message)) for one in told]
    wanted = [f"its threshold is infinite; {one[1]} solved runs" for one in needed if one]
    assert [one[: len(wanted[0])] for one in said.lacking if one] == wanted
    assert len(wanted) == (mode == "PAC")


def test_series_are_those_of_its_helper(hotpotqa: list[JudgedRun], series: pd.DataFrame) -> None:
    theirs, ours = series, as_table(hotpotqa)
    assert ours.judge_probability_series.tolist() == theirs.judge_probability_series.tolist()
    assert ours.uq_problem_idx.tolist() == theirs.uq_problem_idx.tolist()


def test_it_refuses_few_unsolved_runs() -> None:
    runs = read_runs(DATA / "gsm8k_tools.csv")
    said = mode_method("PAC").judge(runs, runs[:3], LEVELS, 0)
    assert said.lacking[0] == "the package refuses: Step 1 requires ≥5 examples per class."
    assert not said.first.any()
    few = [run for run in runs if run.solved] + [run for run in runs if not run.solved][:4]
    assert RATIO_RANKED.judge(few, runs[:3], LEVELS, 0).lacking == said.lacking


@pytest.mark.slow
def test_the_next_5000_runs() -> None:
    """The README's figures: promises kept, and used up by the rank alone."""
    runs = read_runs(DATA / "hotpotqa_later.csv.gz")
    methods = [RATIO_RANKED, rank_method(DOUBT), mode_method("PAC")]
    told = verdicts_of(runs, methods, LEVELS[:1], seeds=1, folds=5)
    ratio, doubt, pac = compared(runs, methods, LEVELS[:1], told)
    assert max(one.false.low for one in (ratio, doubt, pac)) < LEVELS[0]
    assert min(ratio.false.high, doubt.false.high) > LEVELS[0] > pac.false.high
    assert (round(ratio.found.share, 2), round(ratio.saved.share, 3)) == (0.47, 0.092)
    assert (round(doubt.found.share, 2), round(doubt.saved.share, 3)) == (0.37, 0.079)
    assert (round(pac.found.share, 2), round(pac.saved.share, 3)) == (0.41, 0.045)


def test_at_the_same_promise(hotpotqa: list[JudgedRun]) -> None:
    """Each run judged once: the rank keeps its promise, and saves more steps than Ville."""
    methods = [rank_method(DOUBT), mode_method("Ville"), mode_method("RandVille")]
    told = verdicts_of(hotpotqa, methods, LEVELS, seeds=1, folds=3)
    cells = {(one.method, one.level): one for one in compared(hotpotqa, methods, LEVELS, told)}
    for level in LEVELS:
        rank, ville, randomised = (cells[one.name, level] for one in methods)
        assert rank.false.low < level
        assert rank.saved.share > ville.saved.share
        assert rank.found.share >= ville.found.share
        # What it finds more, it finds with the last step.
        assert randomised.found.share > ville.found.share
        assert randomised.saved.share == ville.saved.share
        assert randomised.false.share > level
