"""Every kind of model: rows are likelihoods that follow their formula, files give the same."""

import json
import math
import random
from fractions import Fraction

import numpy as np
import pytest

from consilience.errors import BadInput
from consilience.models.category_model import CategoryModel
from consilience.models.count_model import CountModel, log_pmf, log_tail
from consilience.models.isotonic import isotonic
from consilience.models.kinds import KINDS
from consilience.models.rate_model import RateModel
from consilience.models.run import Run
from consilience.models.score_model import ScoreModel
from consilience.traces.steps import Step

LABELS = "good", "bad"


def called(tools, failed=""):
    return Run("a", tools, tuple(Step(tool, error=tool in failed) for tool in tools))


def judged(*scores):
    return Run("a", str(scores), tuple(Step("step", score=one) for one in scores))


RUNS = {
    "tool_calls": [called("aab"), called("ab", "b"), called("abab"), called("cb", "c"),
                   called("ccc", "c"), called("")],
    "scores": [judged(0.1, 0.2), judged(0.3), judged(0.2, 0.1), judged(0.9), judged(0.35),
               judged(0.1, 0.8)],
}  # fmt: skip
TRUTH = [0, 0, 0, 1, 1, 1]


def runs_for(kind):
    return RUNS[KINDS[kind].reads[0]]


@pytest.mark.parametrize("kind", [one for one in KINDS if KINDS[one].reads[0] in RUNS])
def test_a_model_is_the_same_after_json_and_looks_at_the_past_alone(kind):
    runs = runs_for(kind)
    model = KINDS[kind].fit(runs, TRUTH, LABELS)
    again = KINDS[kind].from_json(json.loads(json.dumps(model.as_json())))
    for run in runs:
        nats = model.score(run).nats
        assert nats.shape == (len(run.steps) + 1, 2) and (nats <= 0).all()
        assert np.array_equal(again.score(run).nats, nats)
        for length in range(1, len(run.steps)):
            part = model.score(Run("a", "part", run.steps[:length])).nats
            assert np.array_equal(part[:-1], nats[:length])
    sums = np.array([model.score(run).nats.sum(axis=0) for run in runs])
    assert (sums[:3, 0] > sums[:3, 1]).sum() + (sums[3:, 1] > sums[3:, 0]).sum() >= 5


@pytest.mark.parametrize("kind", [one for one in KINDS if KINDS[one].reads[0] in RUNS])
def test_parameters_that_cannot_be_are_refused(kind):
    value = KINDS[kind].fit(runs_for(kind), TRUTH, LABELS).as_json()
    for name, held in {
        "labels": ["good"],
        "counts": [[-1]],
        "failed": [[9]],
        "edges": [2, 1],
    }.items():
        if name in value:
            with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
                KINDS[kind].from_json({**value, name: held})


def test_categories_are_the_dirichlet_predictive():
    model = CategoryModel.fit(RUNS["tool_calls"], TRUTH, LABELS, pseudo=0.5, errors=False)
    # Good runs: a 5, b 4, c 0, END 3; five symbols with UNSEEN.
    expected = [(5.5, 0), (5.5, 1), (4.5, 2), (3.5, 3)]
    nats = model.score(called("aab")).nats[:, 0]
    for count, row in expected:
        assert nats[row] == pytest.approx(math.log(count / (12 + 2.5)))
    assert np.exp(model.tables().nats).sum(axis=2) == pytest.approx(1.0)


def test_counts_sum_to_one_and_their_steps_to_the_whole():
    shape, share = 1.7, 0.3
    pmf = [math.exp(log_pmf(n, shape, share)) for n in range(200)]
    assert sum(pmf) == pytest.approx(1.0, abs=1e-12)
    for count in (0, 1, 5, 40):
        assert math.exp(log_tail(count, shape, share)) == pytest.approx(sum(pmf[count:]), rel=1e-9)
    model = CountModel.fit(RUNS["tool_calls"], TRUTH, LABELS)
    total = model.score(called("abbab")).nats.sum(axis=0)
    for label in (0, 1):
        whole = sum(
            log_pmf(n, model.mean * model.strength + model.counts[label][tool],
                    1 / (model.strength + model.runs[label] + 1))
            for tool, n in enumerate((2, 3, 0))
        )  # fmt: skip
        assert total[label] == pytest.approx(whole, rel=1e-12)


def test_counts_find_what_a_gamma_poisson_draws():
    rng = np.random.default_rng(3)
    runs, truth = [], []
    for n in range(400):
        label = n % 2
        runs.append(called("x" * int(rng.poisson(rng.gamma(4.0) * (0.5, 2.0)[label]))))
        truth.append(label)
    model = CountModel.fit(runs[:300], truth[:300], LABELS)
    sums = np.array([model.score(run).nats.sum(axis=0) for run in runs[300:]])
    assert (sums.argmax(axis=1) == truth[300:]).mean() > 0.7


def test_rates_are_the_beta_predictive_and_no_flag_is_no_evidence():
    model = RateModel.fit(RUNS["tool_calls"], TRUTH, LABELS, strength=2.0)
    overall = (1 + 0.5) / (9 + 1)  # good runs: one failure in nine calls
    rate_b = (1 + 2.0 * overall) / (4 + 2.0)
    nats = model.score(called("ab", "b")).nats
    assert nats[1, 0] == pytest.approx(math.log(rate_b)) and not nats[2].any()
    assert not model.score(Run("a", "r", (Step("a"),))).nats.any()
    with pytest.raises(BadInput, match="export results too"):
        RateModel.fit([Run("a", "r", (Step("a"),))] * 2, [0, 1], LABELS)


def test_scores_are_calibrated_step_by_step():
    model = ScoreModel.fit(RUNS["scores"], TRUTH, LABELS, pseudo=1.0)
    assert model.edges == (int(0.35 * 65536),) and model.counts == ((3, 0), (0, 3))
    whole = model.score(judged(0.1, 0.95, 0.2)).nats
    assert whole[2] == pytest.approx([0.0, 0.0])  # what does not rise is no evidence
    assert whole.sum(axis=0) == pytest.approx(model.score(judged(0.95)).nats.sum(axis=0))
    totals = sum(
        np.exp(model.score(judged((edge + 1) / 65536)).nats.sum(axis=0))
        for edge in (-65536, *model.edges)
    )
    assert totals == pytest.approx([1.0, 1.0])


def test_scores_without_labels_are_their_running_maximum():
    model = ScoreModel.fit(RUNS["scores"][:3], [0] * 3, ("normal",))
    assert model.score(judged(0.5, None, 0.25, 2.0)).running.tolist() == [
        32768, 32768, 32768, 131072, 131072,
    ]  # fmt: skip
    low = ScoreModel.fit(RUNS["scores"][:3], [0] * 3, ("normal",), low_is_suspect=True)
    assert low.score(judged(0.5, 0.25)).running.tolist() == [-32768, -16384, -16384]
    with pytest.raises(BadInput, match="has no score"):
        model.score(judged(None))


def best_rising(scores, bad):
    """The max-min formula of the fit, in fractions: another algorithm than the product's."""
    values = sorted(set(scores))
    counts = [scores.count(one) for one in values]
    bads = [sum(b for s, b in zip(scores, bad, strict=True) if s == one) for one in values]

    def mean(first, last):
        return Fraction(sum(bads[first : last + 1]), sum(counts[first : last + 1]))

    places = range(len(values))
    return {
        value: max(min(mean(a, b) for b in places if b >= place) for a in places if a <= place)
        for place, value in enumerate(values)
    }


def test_isotonic_regression_is_the_best_that_rises():
    chance = random.Random(6)
    for _ in range(40):
        scores = [chance.randrange(12) for _ in range(chance.randrange(1, 40))]
        bad = [chance.random() < score / 12 for score in scores]
        blocks = isotonic(scores, bad)
        rates = [Fraction(block.bad, block.all) for block in blocks]
        assert rates == sorted(set(rates))
        for score, expected in best_rising(scores, bad).items():
            assert [r for b, r in zip(blocks, rates, strict=True) if b.least <= score][
                -1
            ] == expected
