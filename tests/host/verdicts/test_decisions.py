"""Decisions by cost and by probability: exact, and no equal wins in silence."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from consilience.errors import BadInput
from consilience.verdicts.costs import Costs, parse_costs
from consilience.verdicts.decisions import DecisionRule
from consilience.verdicts.power_sums import sign_of_sum
from consilience_hw.spec.log_format import Q16_16

ZERO = Q16_16.log_of_zero
NAMES = ("benign", "hijacked", "broken")


def decisions(rule, rows):
    found = rule.decide(np.array(rows, np.int32))
    return [rule.labels[one] for one in found.choice], found.tied.tolist(), found.cost


def cheapest(row, costs, benign):
    """The decision by costs in 80 decimal digits; None where two are as near as 1e-60."""
    with localcontext() as context:
        context.prec = 80
        p = [Decimal(0) if c == ZERO else Decimal(2) ** (Decimal(c) / 65536) for c in row]
        total = sum(p)
        value = [
            Decimal(c.numerator) / c.denominator
            for c in (costs.miss, costs.false_alarm, costs.review or Fraction(0))
        ]
        named = max((h for h in range(len(row)) if h != benign), key=lambda h: p[h])
        choices = {benign: value[0] * (total - p[benign]), named: value[1] * p[benign]}
        if costs.review is not None:
            choices["review"] = value[2] * total
        first, second, *_ = sorted(choices.values())
        if second - first < Decimal("1e-60"):
            return None
        return min(choices, key=choices.get)


@pytest.mark.parametrize("text", ["false-alarm=1,miss=20,review=0.5", "miss=1e-3,false-alarm=1/7"])
@pytest.mark.parametrize("benign", [0, 2])
def test_least_cost_equals_decimals_of_80_digits(text, benign):
    rng = np.random.default_rng(benign)
    rows = rng.integers(-12 * 65536, 1, (500, 3))
    rows[rng.random(rows.shape) < 0.1] = ZERO
    costs = parse_costs(text)
    rule = DecisionRule(NAMES, NAMES[benign], costs)
    labels, tied, _ = decisions(rule, rows)
    compared = 0
    for row, label, tie in zip(rows.tolist(), labels, tied, strict=True):
        wanted = cheapest(row, costs, benign)
        if wanted is None or all(code == ZERO for code in row) or tie:
            continue
        assert label == ("review" if wanted == "review" else NAMES[wanted])
        compared += 1
    assert compared > 480


def test_a_code_beside_equality_decides_and_equality_is_a_tie():
    rule = DecisionRule(NAMES[:2], "benign", parse_costs("false-alarm=1,miss=4"))
    two_bits = 2 * 65536
    rows = [[-1, -1 - two_bits], [-1, -two_bits], [-1, -2 - two_bits], [ZERO, ZERO]]
    labels, tied, cost = decisions(rule, rows)
    assert labels == ["undecided", "hijacked", "benign", "impossible"]
    assert tied == [True, False, False, False]
    assert cost[0] == pytest.approx(0.8)
    assert np.isnan(cost[3])


def test_a_tie_of_three_costs_goes_where_it_is_told():
    rows = [[-65536, -65536]]
    for tie in ("undecided", "review", "hijacked"):
        rule = DecisionRule(NAMES[:2], "benign", parse_costs("false-alarm=1,miss=1"), tie)
        assert decisions(rule, rows)[:2] == ([tie], [True])
    reviewed = DecisionRule(NAMES[:2], "benign", parse_costs("false-alarm=1,miss=1,review=1/2"))
    assert decisions(reviewed, rows)[:2] == (["undecided"], [True])
    cheaper = DecisionRule(NAMES[:2], "benign", parse_costs("false-alarm=1,miss=1,review=0.49"))
    labels, _, cost = decisions(cheaper, rows)
    assert (labels, cost.tolist()) == (["review"], [0.49])


def test_what_is_flagged_without_a_name_is_a_tie():
    rule = DecisionRule(NAMES, "benign", parse_costs("false-alarm=1,miss=1"))
    labels, tied, _ = decisions(rule, [[-9 * 65536, -65536, -65536], [-65536, -131072, -131072]])
    assert labels == ["undecided", "undecided"]
    assert tied == [True, True]


@pytest.mark.parametrize("level", ["0.95", "2/3", "0.999999"])
def test_from_a_level_on_it_is_decided_and_else_not_by_decimals_of_80_digits(level):
    rng = np.random.default_rng(7)
    rows = rng.integers(-40 * 65536, 1, (400, 3))
    rows[rng.random(rows.shape) < 0.1] = ZERO
    labels, tied, cost = decisions(DecisionRule.of(NAMES, decide=level), rows)
    wanted = Fraction(level)
    seen = set()
    for row, label in zip(rows.tolist(), labels, strict=True):
        with localcontext() as context:
            context.prec = 80
            p = [Decimal(0) if c == ZERO else Decimal(2) ** (Decimal(c) / 65536) for c in row]
            best = max(range(3), key=lambda h: p[h])
            if sum(p) == 0:
                assert label == "impossible"
                continue
            enough = p[best] * wanted.denominator >= wanted.numerator * sum(p)
        assert label == (NAMES[best] if enough else "undecided")
        seen.add(label)
    assert cost is None and not any(tied) and seen >= {*NAMES, "undecided"}


def test_exactly_the_level_decides_and_a_code_less_does_not():
    # 4 to 1, and 2^-30 parts more of a third: both are exact in integers.
    rule, two_bits = DecisionRule.of(NAMES, decide="4/5"), 2 * 65536
    rows = [[0, -two_bits, ZERO], [0, -two_bits, -30 * 65536], [-1, -two_bits, ZERO]]
    rows.append([-two_bits, 0, ZERO])
    labels, _, _ = decisions(rule, rows)
    assert labels == ["benign", "undecided", "undecided", "hijacked"]
    assert str(rule) == "probability 0.8 or more"
    assert str(DecisionRule.of(NAMES, decide="2/3")) == "probability 2/3 or more"
    assert str(DecisionRule.of(NAMES, decide="most-probable")) == "most probable"
    assert DecisionRule.of(NAMES).level == Fraction(19, 20)


def test_the_most_probable_and_never_the_first_of_equals():
    rule = DecisionRule(NAMES)
    rows = [[-1, -2, -2], [-2, -1, -1], [ZERO, -5, -6], [ZERO] * 3]
    labels, tied, cost = decisions(rule, rows)
    assert labels == ["benign", "undecided", "hijacked", "impossible"]
    assert tied == [False, True, False, False]
    assert cost is None


def test_costs_far_apart_and_probabilities_below_binary64_are_decided_exactly():
    rule = DecisionRule(NAMES[:2], "benign", Costs(Fraction(1), Fraction(1, 2**20_000)))
    rows = [[-20_000 * 65536, 0], [-20_000 * 65536 + 1, 0], [-20_000 * 65536 - 1, 0]]
    labels, _, _ = decisions(rule, rows)
    assert labels == ["undecided", "benign", "hijacked"]


def test_signs_of_sums():
    half = -32768  # 2**-0.5 twice is the square root of 2
    assert sign_of_sum([2, -1], [half, 32768]) == 0
    assert sign_of_sum([2, -1], [half, 32769]) == -1
    assert sign_of_sum([10**40 + 1, -(10**40)], [7, 7]) == 1
    assert sign_of_sum([1, -1], [ZERO, ZERO]) == 0
    assert sign_of_sum([5, -7], [0, ZERO]) == 1
    # 99/70 is above the square root of 2 by 7e-5, 665857/470832 by 2e-12
    assert sign_of_sum([-665857, 470832], [0, 32768]) == -1
    assert sign_of_sum([-470832 * 2, 665857], [0, 32768]) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("miss=20", "--cost lacks false-alarm"),
        ("", "'' is none of false-alarm, miss, review"),
        ("false-alarm=1,miss=-2", "--cost miss is -2; a cost is a number from 0"),
        ("false-alarm=nan,miss=2", "--cost false-alarm nan: more than 1000 digits, or not finite"),
        ("false-alarm=inf,miss=2", "not finite"),
        ("false-alarm=1,miss=", "--cost miss '' is no number"),
        ("false-alarm=1,miss=1_0", "is no number"),
        ("false-alarm=1,miss=2,miss=3", "--cost names miss twice"),
        ("false-alarm=1,mis=2", "'mis=2' is none of"),
        ("false-alarm=0,miss=0", "nothing can go wrong"),
        ("false-alarm=1e30,miss=1", "from 0 to 10^18"),
        ("1,20,0.5", "'1' is none of"),
    ],
)
def test_costs_that_are_none(text, message):
    with pytest.raises(BadInput) as caught:
        parse_costs(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"benign": "good"}, "benign 'good' is no hypothesis; they are benign, hijacked, broken"),
        ({"costs": Costs(Fraction(1), Fraction(1))}, "costs need the hypothesis that all is well"),
        ({"tie": "first"}, "tie 'first' is no decision; give undecided, review or one of"),
    ],
)
def test_rules_that_cannot_be(options, message):
    with pytest.raises(BadInput) as caught:
        DecisionRule(NAMES, **options)
    assert message in str(caught.value)
