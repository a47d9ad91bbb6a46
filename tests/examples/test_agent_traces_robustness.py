"""The robustness study: its counts against single reports, and a slice of the committed page."""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import consilience as cs
from consilience.errors import Mismatch
from consilience.robust.calibration import Calibration
from consilience.robust.quality import evidence_quality
from examples.agent_traces.robustness import __main__ as command
from examples.agent_traces.robustness import study as study_module
from examples.agent_traces.robustness.attacks import ATTACKS, FAR, attacked
from examples.agent_traces.robustness.page import SHOWN, attack_row
from examples.agent_traces.robustness.ratios import (
    CALIBRATION,
    CALIBRATION_DIGEST,
    CLIPS,
    calibration_set,
    chosen_clip,
    held_out_ratios,
)
from examples.agent_traces.robustness.reports import Population, Reports
from examples.agent_traces.robustness.rules import median_signs, sum_signs, told
from examples.agent_traces.robustness.study import study
from examples.agent_traces.traces import Traces

PAGE = Path(__file__).parents[2] / "docs" / "robustness.md"


@pytest.fixture(scope="module")
def traces():
    return Traces.load()


@pytest.fixture(scope="module")
def ratios(traces):
    return held_out_ratios(traces)


@st.composite
def reports(draw):
    values = sorted(draw(st.sets(st.integers(-300, 300), min_size=1, max_size=8)))
    counts = st.lists(st.integers(0, 4), min_size=len(values), max_size=len(values))
    first = draw(counts.filter(any))
    counts = np.array([first, draw(st.permutations(first))], np.int64)
    value = np.array(draw(st.lists(st.integers(-310, 310), min_size=2, max_size=2)), np.int64)
    return Reports(np.array(values, np.int64), counts, value, draw(st.integers(0, 5)))


@given(reports(), st.integers(1, 5))
def test_counts_say_what_the_single_reports_say(said, unit):
    medians, plain = median_signs(said), sum_signs(said)
    for trial in (0, 1):
        others = np.repeat(said.values, said.counts[trial])
        single = np.sort(np.concatenate([others, np.repeat(said.value[trial], said.copies)]))
        assert said.reporters == len(single)
        assert (said.ascending(trial) == single).all()
        assert said.total()[trial] == single.sum()
        assert plain[trial] == np.sign(single.sum())
        assert medians[trial] == np.sign(np.median(single))
        assert [said.ranked(rank)[trial] for rank in range(len(single))] == single.tolist()
        histogram = cs.RobustHistogram.of(single, 128 * unit)
        assert (said.histograms(unit)[trial] == histogram.counts).all()


def test_draws_are_of_the_population():
    rng = np.random.default_rng(1)
    population = Population.of(np.array([5, -3, 5, 5]))
    drawn = population.draw(rng, 1000, 3)
    assert drawn.values.tolist() == [-3, 5]
    assert (drawn.counts.sum(axis=1) == 1000).all()
    assert (np.abs(drawn.counts[:, 0] - 250) < 70).all()  # 5 standard deviations
    both = drawn.with_reports(population.negated.draw(rng, 10, 3))
    assert both.values.tolist() == [-5, -3, 3, 5]
    assert (both.counts[:, [0, 2]].sum(axis=1) == 10).all()
    assert (both.counts[:, [1, 3]] == drawn.counts).all()


def test_what_liars_report():
    """Two hijacked runs of 3 and 9 ulp, one liar; benign runs are of -7 ulp."""
    populations = {
        "hijacked": Population.of(np.array([3, 9])),
        "benign": Population.of(np.array([-7])),
    }
    honest = Reports(np.array([3, 9]), np.array([[1, 1]]), np.zeros(1, np.int64), 0)

    def lie(attack):
        said = attacked(
            np.random.default_rng(1), honest, 1, attack, "hijacked", populations, unit=2
        )
        (found,) = (Counter(said.ascending(0).tolist()) - Counter([3, 9])).elements()
        return found

    assert lie("sign flip") in (-3, -9)
    assert lie("mimic") == -7
    assert lie("clip-maximal") == -FAR
    assert lie("exactly the clip") == -256
    assert lie("ALIE") == 6 - 9 // 2 - 1  # the mean, less 3 * 3 / 2 rounded up
    assert lie("inner product, 0.1") == -1  # rounded down
    assert lie("inner product, 2") == -12
    assert lie("near median") == 2  # of two the lower one
    for attack in ("silent", *ATTACKS):
        liars = int(attack == "silent")
        said = attacked(
            np.random.default_rng(1), honest, liars, attack, "hijacked", populations, unit=2
        )
        assert said.ascending(0).tolist() == [3, 9]


def test_liars_push_benign_agents_up():
    populations = {
        "hijacked": Population.of(np.array([5])),
        "benign": Population.of(np.array([-7])),
    }
    honest = populations["benign"].draw(np.random.default_rng(1), 3, 1)
    lies = {
        attack: set(
            attacked(np.random.default_rng(1), honest, 2, attack, "benign", populations, unit=2)
            .ascending(0)
            .tolist()
        )
        for attack in ATTACKS
    }
    assert lies["mimic"] == {-7, 5}
    assert lies["sign flip"] == {-7, 7}
    assert lies["clip-maximal"] == {-7, FAR}
    assert lies["near median"] == {-7, -6}
    assert lies["inner product, 2"] == {-7, 14}


def test_the_calibration_set_is_the_pinned_one_and_can_be_made_again(traces):
    kept = Calibration.read(CALIBRATION, CALIBRATION_DIGEST)
    made = calibration_set(traces, kept.date)
    for one, other in ((kept.first, made.first), (kept.second, made.second)):
        # Logarithms of another processor may round otherwise.
        assert np.abs(one.astype(np.int64) - other).max() <= 1
    best = max(evidence_quality(kept, clip).breakdown for clip in CLIPS)
    assert evidence_quality(kept, chosen_clip(kept)).breakdown == best
    assert best > 1 / 3


def test_calibration_and_test_share_no_agent(traces):
    agents = [
        set(traces.agent[traces.runs(("hijacked", "benign"), test=test)]) for test in (False, True)
    ]
    assert all(agents)
    assert not agents[0] & agents[1]


def test_a_third_of_liars_as_the_page_shows_it(ratios):
    """A slice of the study gives the same figures as the whole."""
    n, share = SHOWN
    kept = Calibration.read(CALIBRATION, CALIBRATION_DIGEST)
    (cell,) = study(
        ratios,
        chosen_clip(kept) // 128,
        trials=command.TRIALS,
        krum_work=command.KRUM_WORK,
        seed=command.SEED,
        sizes=(n,),
        shares=(share,),
        attacks=("clip-maximal",),
    )
    assert (cell.reporters, cell.liars) == (1024, 341)
    assert cell.errors["robust"].interval[1] < 0.01
    assert cell.errors["robust"].worse_class < 0.01
    assert cell.errors["plain sum"].share == 1
    assert cell.wrong_certified.count == 0
    assert cell.undecided.trials == 2 * command.TRIALS
    assert attack_row(cell) in PAGE.read_text().splitlines()


def test_nothing_certified_is_wrong_and_half_of_liars_win(ratios):
    cells = study(
        ratios, 512, trials=100, krum_work=1000, seed=3, sizes=(64,), shares=("0.2 n", "n/2")
    )
    assert [cell.attack for cell in cells] == 2 * list(ATTACKS)
    assert not any(cell.wrong_certified.count for cell in cells if cell.is_certified)
    within, beyond = ({c.attack: c for c in cells if c.share == s} for s in ("0.2 n", "n/2"))
    assert within["clip-maximal"].errors["robust"].count == 0
    assert beyond["clip-maximal"].errors["robust"].share == 1
    assert within["clip-maximal"].errors["Krum"].trials == 2 * (1000 // 64)
    assert within["silent"].undecided.count == 0


def test_counts_that_differ_from_the_golden_model_end_the_study(ratios, monkeypatch):
    honest = study_module.robust_sums
    monkeypatch.setattr(
        study_module, "robust_sums", lambda counts, faulty: honest(counts, max(0, faulty - 1))
    )
    with pytest.raises(Mismatch, match=r"^golden model \("):
        study(ratios, 512, trials=2, krum_work=1, seed=1, sizes=(64,), shares=("0.2 n",))


def test_what_rules_are_told():
    assert [told(liars, 64) for liars in (0, 21, 22, 32)] == [0, 21, 21, 21]


def test_the_command_writes_page_plot_and_rates(tmp_path, monkeypatch, capsys):
    raw = tmp_path / "robust" / "rates.json"
    monkeypatch.setattr(command, "SIZES", SHOWN[:1])
    monkeypatch.setattr(command, "KRUM_WORK", 1)
    options = ["--trials", "10", "--out", str(tmp_path), "--raw", str(raw)]
    monkeypatch.setattr(sys, "argv", ["robustness", *options])
    assert command.main() == 1, "0 of 20 trials do not show less than 1 %"
    assert "robust point wrong in 0.00% of 20 trials, plain sum in 100.00%" in (
        capsys.readouterr().out
    )
    page = (tmp_path / "robustness.md").read_text()
    assert "![" in page
    assert (tmp_path / "robustness.svg").read_text().startswith("<?xml")
    value = json.loads(raw.read_text())
    assert value["calibration"]["sha256"] == CALIBRATION_DIGEST
    shown = [c for c in value["cells"] if (c["reporters"], c["share"]) == SHOWN]
    assert len(shown) == len(ATTACKS)
    for cell in shown:
        rates = [rate["count"] / rate["trials"] for rate in cell["errors"].values()]
        rows = [line for line in page.splitlines() if line.startswith(f"| {cell['attack']} | ")]
        figures = [float(text) for text in rows[-1].split(" | ")[1:8] if ".." not in text]
        assert figures == pytest.approx([100 * r for r in [*rates, cell["undecided"]["share"]]])
