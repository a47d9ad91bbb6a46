"""Leave-one-out of an agent's rows against the golden model over the rows that are left."""

import json
import math

import numpy as np
import pytest

from consilience.errors import BadInput
from consilience.explain.explanation import explain_agent
from consilience.explain.moves import bits_in_words, moved_by
from consilience.explain.words import in_sentences
from consilience.verdicts.costs import parse_costs
from consilience.verdicts.decisions import DecisionRule
from consilience_hw.spec.log_format import Q16_16
from consilience_sim import golden

ZERO = Q16_16.log_of_zero
NAMES = ("benign", "hijacked", "broken")
BIT = 65536


def alone(codes, weights, prior, keep):
    """The golden posterior of some rows, from scratch."""
    rows = [codes[i].tolist() for i in keep]
    return tuple(golden.posterior(rows, [int(weights[i]) for i in keep], prior)[0])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("spread", [BIT, 40 * BIT, 2**31 - 1])
def test_each_step_out_is_bit_for_bit_what_the_others_give(seed, spread):
    rng = np.random.default_rng(seed)
    count, hypotheses = int(rng.integers(1, 25)), int(rng.integers(2, 4))
    codes = rng.integers(-spread, spread, (count, hypotheses)).astype(np.int32)
    codes[rng.random(codes.shape) < 0.04] = ZERO
    weights = rng.choice([0, 1, 30_000, 65_536], count).astype(np.uint32)
    prior = rng.integers(-3 * BIT, 0, hypotheses).astype(np.int32)
    costs = parse_costs("false-alarm=1,miss=5,review=0.3") if seed % 2 else None
    rule = DecisionRule(NAMES[:hypotheses], "benign", costs)
    found = explain_agent(codes, rule, prior, weights, rows=np.arange(count) + 100, most=None)
    everything = range(count)
    assert found.verdict.codes == alone(codes, weights, prior, everything)
    for step in found.steps:
        assert step.row == step.place + 100
        keep = [i for i in everything if i != step.place]
        assert step.without.codes == alone(codes, weights, prior, keep)
        choice = rule.decide(np.array([step.without.codes], np.int32)).choice[0]
        assert step.without.decision == rule.labels[choice]
    bits = [step.bits for step in found.steps]
    assert bits == sorted(bits, reverse=True)
    assert len(bits) == found.moving
    assert all(one > 0 for one in bits)
    json.dumps(found.as_json(), allow_nan=False)
    if found.decisive:
        out = {step.place for step in found.steps[: found.decisive]}
        rest = alone(codes, weights, prior, [i for i in everything if i not in out])
        assert found.without_decisive.codes == rest
        assert found.without_decisive.decision != found.verdict.decision
        fewer = {step.place for step in found.steps[: found.decisive - 1]}
        rest = alone(codes, weights, prior, [i for i in everything if i not in fewer])
        choice = rule.decide(np.array([rest], np.int32)).choice[0]
        assert rule.labels[choice] == found.verdict.decision


def test_words_name_the_row_and_what_the_verdict_would_be():
    codes = np.array([[-1, -2], [-6, -2], [-2, -1.3]]) * BIT
    rule = DecisionRule(NAMES[:2])
    found = explain_agent(
        codes.astype(np.int32),
        rule,
        agent="mail-17",
        rows=[3, 812, 900],
        labels={"reporter": ["r1", "r3", ""], "time": ["10:00", "10:01", "10:02"]},
    )
    assert in_sentences(found) == [
        "Agent mail-17: hijacked with probability 0.93, from 3 rows of evidence.",
        (
            "Without row 812 (reporter r3, time 10:01), +4.00 bits, the verdict would be benign "
            "with probability 0.55."
        ),
        (
            "Without row 900 (time 10:02), +0.70 bits, it would still be hijacked with probability "
            "0.89."
        ),
    ]
    assert found.timeline == pytest.approx([-1, 3, 3.7], abs=1e-4)
    assert found.decisive == 1


def test_several_rows_decide_together_or_none_does():
    rule = DecisionRule(NAMES[:2], "benign")
    even = np.array([[-3, -1]] * 4, np.int32) * np.int32(BIT)
    found = explain_agent(even, rule, prior=[-BIT, -4 * BIT], most=1)
    assert found.decisive == 3
    assert in_sentences(found)[-2:] == [
        "3 more rows moved it towards hijacked, none by more than these.",
        (
            "No fewer than the 3 strongest rows decide: without these the verdict would be benign "
            "with probability 0.67."
        ),
    ]
    found = explain_agent(even, rule, prior=[-4 * BIT, -BIT])
    assert found.decisive is None
    assert "it does not hang on these rows" in in_sentences(found)[-1]


def test_what_rules_a_hypothesis_out_is_said_so():
    rule = DecisionRule(NAMES[:2], "benign")
    codes = np.array([[-BIT, -BIT], [ZERO, -BIT], [-BIT, -9 * BIT]], np.int32)
    found = explain_agent(codes, rule)
    assert found.verdict.shown == {"benign": "0", "hijacked": "1"}
    assert found.steps[0].bits == math.inf
    assert found.steps[0].as_json()["bits"] == "inf"
    assert "Without row 2, rules out benign, the verdict would be benign" in in_sentences(found)[1]
    none = explain_agent(np.array([[ZERO, 0], [0, ZERO]], np.int32), rule)
    assert none.verdict.decision == "impossible"
    first, *rest = in_sentences(none)
    assert first.startswith("The verdict: impossible (each hypothesis is ruled out by some row), ")
    assert rest == [
        "Without row 1, rules out benign, the verdict would be benign with probability 1.",
        "Without row 2, rules out hijacked, the verdict would be hijacked with probability 1.",
    ]


@pytest.mark.parametrize("seed", range(6))
def test_rows_that_share_a_value_go_out_together(seed):
    rng = np.random.default_rng(seed)
    count = 30
    codes = rng.integers(-3 * BIT, 0, (count, 2)).astype(np.int32)
    codes[rng.random(codes.shape) < 0.02] = ZERO
    weights = rng.choice([0, 9_000, 65_536], count).astype(np.uint32)
    who = [f"r{one}" for one in rng.integers(0, 6, count)]
    rule = DecisionRule(NAMES[:2], "benign")
    found = explain_agent(codes, rule, weight=weights, labels={"who": who}, by="who", most=None)
    assert len(found.steps) <= len(set(who))
    for step in found.steps:
        name = step.labels["who"]
        assert step.count == who.count(name)
        assert step.place == who.index(name)
        keep = [i for i in range(count) if who[i] != name]
        assert step.without.codes == alone(codes, weights, [0, 0], keep)
    assert len(found.timeline) == count
    first = found.steps[0]
    assert f"Without who {first.labels['who']} ({first.count} rows), " in in_sentences(found)[1]


@pytest.mark.parametrize("hypotheses", [2, 3])
@pytest.mark.parametrize("cost", [None, "false-alarm=1,miss=5,review=0.3"])
def test_many_agents_at_once_are_moved_by_what_moves_each(hypotheses, cost):
    rng = np.random.default_rng(hypotheses)
    counts = rng.integers(1, 9, 300)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    codes = rng.integers(-4 * BIT, 0, (offsets[-1], hypotheses)).astype(np.int32)
    codes[rng.random(codes.shape) < 0.03] = ZERO
    weight = rng.choice([0, 30_000, 65_536], offsets[-1]).astype(np.uint32)
    prior = np.zeros(hypotheses, np.int32)
    rule = DecisionRule(NAMES[:hypotheses], "benign", cost and parse_costs(cost))
    numbers = rng.permutation(offsets[-1])
    posterior, _ = golden.posteriors(codes, offsets, prior, weight)
    found = moved_by(codes, weight, offsets, numbers, posterior, prior, rule, 3)
    flagged = 0
    for start, end, text in zip(offsets[:-1], offsets[1:], found, strict=True):
        part = slice(start, end)
        one = explain_agent(codes[part], rule, prior, weight[part], rows=numbers[part], most=3)
        if one.verdict.decision == "benign":
            assert text == ""
            continue
        flagged += 1
        said = [row.split(" (") for row in text.split("; row ")] if text else []
        assert [int(row.removeprefix("row ")) for row, _ in said] == [s.row for s in one.steps]
        for (_, words), step in zip(said, one.steps, strict=True):
            assert words.startswith(bits_in_words(step.bits, step.ruled_out))
            assert f"without it {step.without.decision}" in words
    assert flagged > 100


@pytest.mark.parametrize(
    ("codes", "options", "message"),
    [
        (np.zeros((0, 2), np.int32), {}, "give (n, 2), one row or more"),
        (np.zeros((3, 3), np.int32), {}, "give (n, 2)"),
        (np.zeros((3, 2), np.int32), {"rows": [1]}, "rows has 1 values for 3 rows"),
        (np.zeros((3, 2), np.int32), {"labels": {"time": ["a"]}}, "time has 1 values for 3 rows"),
        (np.zeros((3, 2), np.int32), {"prior": [0]}, "prior is (1,)"),
        (np.zeros((3, 2), np.int32), {"by": "who"}, "by 'who' is none of the labels"),
    ],
)
def test_what_cannot_be_explained(codes, options, message):
    with pytest.raises(BadInput) as caught:
        explain_agent(codes, DecisionRule(NAMES[:2]), **options)
    assert message in str(caught.value)
