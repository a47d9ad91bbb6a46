"""Many agents at once, against a histogram each, brute force, and what a rule decides."""

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

from consilience.devices.cpu import CpuDevice
from consilience.errors import BadInput
from consilience.reporters.judging import ReporterJudge
from consilience.reporters.reports import Reports, pairs_of, reports_of
from consilience.reporters.robust_agents import needed_to_decide, pair_sums
from consilience.robust.robust_counts import bins_of
from consilience.verdicts.costs import parse_costs
from consilience.verdicts.decisions import DecisionRule
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import Decision

ZERO, MOST = Q16_16.log_of_zero, Q16_16.max_code
NAMES = ("benign", "hijacked", "broken", "lost")
BIT = 65536
UNIT = BIT // 128


def drawn(seed, agents=40, faulty=2, pairs=1, spread=2 * BIT):
    """Reports of 3 f + 1 .. 3 f + 6 of 15 reporters about each agent, that lean one way."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(3 * faulty + 1, 3 * faulty + 7, agents)
    agent = np.repeat(np.arange(agents), counts)
    reporter = np.concatenate([rng.permutation(15)[:count] for count in counts])
    ratios = (
        rng.normal(0, spread, (len(agent), pairs)) + rng.normal(0, spread, agents)[agent][:, None]
    )
    ratios = np.clip(np.rint(ratios), -MOST, MOST).astype(np.int32)
    ratios[rng.random(ratios.shape) < 0.05] = ZERO
    return Reports(agent, reporter, ratios), counts


@pytest.mark.parametrize("faulty", [0, 1, 4])
def test_sums_of_many_agents_are_those_of_a_histogram_each(faulty):
    reports, counts = drawn(faulty, faulty=faulty)
    found = pair_sums(reports, reports.ratios[:, 0], len(counts), faulty, UNIT)
    with CpuDevice() as device:
        for agent in range(len(counts)):
            own = reports.agent == agent
            one = device.robust(reports.ratios[own, 0], faulty, BIT)
            assert found.trimmed[agent] == one.trimmed_sum
            assert (found.low[agent], found.high[agent]) == (one.low, one.high)


@pytest.mark.parametrize("faulty", [0, 1, 4])
def test_each_reporter_is_left_out_exactly(faulty):
    reports, counts = drawn(7 + faulty, faulty=faulty)
    found = pair_sums(reports, reports.ratios[:, 0], len(counts), faulty, UNIT)
    bins = bins_of(reports.ratios[:, 0].astype(np.int64), UNIT) - 128
    assert found.bins.tolist() == bins.tolist()
    for place, agent in enumerate(reports.agent.tolist()):
        others = [int(b) for i, b in enumerate(bins) if i != place and reports.agent[i] == agent]
        kept = sorted(others)[faulty : len(others) - faulty]
        assert found.others[place] == sum(kept)


def test_so_many_reporters_of_the_same_mean_decide_and_one_fewer_does_not():
    faulty, above, below = 2, 5 * BIT, -3 * BIT
    reports, counts = drawn(3, agents=200, faulty=faulty, spread=BIT // 2)
    sums = pair_sums(reports, reports.ratios[:, 0], len(counts), faulty, UNIT)
    found = needed_to_decide(sums, counts, faulty, UNIT, above, below)
    bins = sums.bins
    checked = 0
    for agent, needed in enumerate(found):
        own = sorted(bins[reports.agent == agent].tolist())
        mean = Fraction(int(sums.trimmed[agent]), int(counts[agent]) - 2 * faulty)
        if needed is None:
            assert mean == 0
            continue

        def decides(count, own=own, mean=mean):
            # The reports here, and others that say the mean; then the interval's own definition.
            values = sorted([*own, *[mean] * (count - len(own))])
            low = sum(values) - sum(v for v in values[len(values) - faulty :] if v > 0)
            high = sum(values) - sum(v for v in values[:faulty] if v < 0)
            return low * UNIT > above if mean > 0 else high * UNIT < below

        assert decides(needed)
        if needed > len(own):
            assert not decides(needed - 1)
            checked += 1
    assert checked > 100


def judged(reports, counts, rule, prior, faulty):
    judge = ReporterJudge("agent", rule, np.array(prior, np.int32), faulty, BIT)
    return judge, judge.judge(reports, len(counts), pa.array(range(len(counts))))


@pytest.mark.parametrize("hypotheses", [2, 3, 4])
def test_decisions_are_those_of_the_device_pair_by_pair(hypotheses):
    faulty, pairs = 1, pairs_of(hypotheses)
    prior = [-BIT * (1 + h) for h in range(hypotheses)]
    limits = [prior[b] - prior[a] for a, b in pairs]
    reports, counts = drawn(hypotheses, agents=300, faulty=faulty, pairs=len(pairs))
    rule = DecisionRule(NAMES[:hypotheses])
    judge, found = judged(reports, counts, rule, prior, faulty)
    decided = 0
    with CpuDevice() as device:
        for agent, choice in enumerate(found.choice.tolist()):
            own = reports.ratios[reports.agent == agent]
            one = device.robust(own, faulty, BIT, limits).decision
            wins = dict.fromkeys(range(hypotheses), 0)
            for (a, b), decision in zip(pairs, one, strict=True):
                wins[a] += decision == Decision.ABOVE
                wins[b] += decision == Decision.BELOW
            best = [h for h, won in wins.items() if won == hypotheses - 1]
            assert rule.labels[choice] == (NAMES[best[0]] if best else "undecided")
            decided += bool(best)
    assert 20 < decided < 300
    assert judge.decisions["undecided"] == 300 - decided
    assert sum(judge.leanings.values()) == 300 - decided


@pytest.mark.parametrize("benign", [0, 1])
@pytest.mark.parametrize("text", ["false-alarm=1,miss=20,review=0.5", "false-alarm=3,miss=1"])
def test_costs_decide_only_what_every_sum_in_the_interval_decides(benign, text):
    rule = DecisionRule(NAMES[:2], NAMES[benign], parse_costs(text))
    prior = [-BIT, -3 * BIT]
    reports, counts = drawn(11, agents=300, faulty=1)
    _, found = judged(reports, counts, rule, prior, 1)
    (sums,) = found.sums
    seen = set()
    for low, high, choice in zip(sums.low, sums.high, found.choice, strict=True):
        ends = [int(low) * UNIT, int(high) * UNIT]
        # As posterior codes that need not sum to 1: the rule is about their ratio.
        codes = np.array([[prior[0] + end, prior[1]] for end in ends], np.int32)
        first, second = (rule.labels[one] for one in rule.decide(codes).choice)
        label = rule.labels[choice]
        assert label == (first if first == second else "undecided")
        seen.add(label)
    assert {"benign", "hijacked", "undecided"} <= seen


def test_rows_of_a_reporter_add_up_exactly_before_they_are_cut():
    codes = np.array([[0, -3], [0, -3], [-7, 0], [ZERO, 0], [ZERO, ZERO], [0, ZERO]], np.int32)
    weight = np.array([32_768, 32_768, 65_536, 1, 65_536, 65_536], np.uint32)
    offsets = np.array([0, 3, 6])
    found = reports_of(codes, weight, offsets, np.array([5, 5, 2, 1, 9, 4], np.uint32))
    assert found.agent.tolist() == [0, 0, 1, 1, 1]
    assert found.reporter.tolist() == [2, 5, 1, 4, 9]
    # 2 x 1.5 ulp is 3, where each by itself would be rounded to 2
    assert found.ratios[:, 0].tolist() == [-7, 3, ZERO, MOST, 0]


def test_sums_beyond_all_codes_stay_the_largest():
    codes = np.array([[MOST, -MOST]] * 40_000, np.int32)
    found = reports_of(codes, None, np.array([0, 40_000]), np.zeros(40_000, np.uint32))
    assert found.ratios.tolist() == [[MOST]]


def test_liars_are_named_and_honest_reporters_are_not():
    rng = np.random.default_rng(5)
    agents, reporters, liars = 60, 13, 4
    truth = rng.choice([-1, 1], agents)
    agent = np.repeat(np.arange(agents), reporters)
    reporter = np.tile(np.arange(reporters), agents)
    ratios = rng.normal(1.6, 1, len(agent)) * truth[agent]
    ratios[reporter < liars] = -2 * truth[agent][reporter < liars]
    reports = Reports(agent, reporter, (ratios * BIT).astype(np.int32)[:, None])
    judge, found = judged(reports, [reporters] * agents, DecisionRule(NAMES[:2]), [-BIT] * 2, liars)
    names = [f"r{number}" for number in range(reporters)]
    named = judge.reputations.contradicting(names, UNIT)
    assert sorted(one.reporter for one in named) == ["r0", "r1", "r2", "r3"]
    assert all(one.agents == agents and one.mean_bits < -0.5 for one in named)
    leaning = np.array([1 if one == "benign" else -1 for one in found.leaning])
    assert (leaning == truth).mean() > 0.9
    # Whatever is certain is true: honest reporters alone would say so.
    certain = found.choice < 2
    assert (np.where(found.choice == 0, 1, -1) == truth)[certain].all()


def test_a_reporter_who_tosses_a_coin_is_not_named():
    rng = np.random.default_rng(6)
    agents, reporters = 200, 7
    agent = np.repeat(np.arange(agents), reporters)
    reporter = np.tile(np.arange(reporters), agents)
    ratios = np.where(reporter == 0, rng.choice([-BIT, BIT], len(agent)), BIT).astype(np.int32)
    reports = Reports(agent, reporter, ratios[:, None])
    judge, _ = judged(reports, [reporters] * agents, DecisionRule(NAMES[:2]), [-BIT] * 2, 2)
    assert judge.reputations.contradicting(list("abcdefg"), UNIT) == []


def test_a_name_that_the_table_needs_is_refused():
    with pytest.raises(BadInput, match="'leaning' is taken by the output's own columns"):
        ReporterJudge("leaning", DecisionRule(NAMES[:2]), np.zeros(2, np.int32), 1, BIT)
